use crate::subject::Subject;
use crate::wire::token;

/// Where the only call of a BATCH is answered. It belongs to a slot, and serves its calls one after the other.
///
/// A NATS server remembers where a subject leads. To look that up for a subject that is new with each call, and to make
/// room for it, was a fifth to a quarter of its time with up to 256 callers (docs/performance.md).
#[derive(Default)]
pub(super) struct Place(Option<Inner>);

struct Inner {
    token: u64,
    /// Only for calls there: no service learns where another answers.
    method: Subject,
    /// The call of which something may still be said here, whether it is over or not.
    call: Option<u64>,
}

impl Place {
    /// The token in the reply subject of a BATCH to `method` that holds this call. It is the same as for the call before
    /// when that was answered: otherwise what comes late for that one would be taken for this one's.
    pub(super) fn open(&mut self, call: u64, method: &Subject) -> u64 {
        if let Some(place) = self.0.as_mut().filter(|place| place.call.is_none() && place.method == *method) {
            place.call = Some(call);
            return place.token;
        }
        let token = token::random(token::slot(call));
        self.0 = Some(Inner { token, method: method.clone(), call: Some(call) });
        token
    }

    /// This call is answered, so an instance has taken it: nothing more is said of the BATCH, if it went in one.
    pub(super) fn close(&mut self, call: u64) {
        if let Some(place) = &mut self.0 {
            place.call.take_if(|open| *open == call);
        }
    }

    /// The call for which is what comes to this token.
    pub(super) fn call_at(&self, token: u64) -> Option<u64> {
        self.0.as_ref().filter(|place| place.token == token)?.call
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::subject::Subject;
    use crate::wire::token;

    const METHOD: Subject = Subject::from_static("svc.a.B.Ask");
    const OTHER: Subject = Subject::from_static("svc.a.B.Tell");
    /// Of one slot.
    const CALLS: [u64; 3] = [token::new(7, 1), token::new(7, 2), token::new(7, 3)];

    #[test]
    fn it_is_used_again_after_an_answer_and_for_the_same_method() {
        let mut place = Place::default();
        let first = place.open(CALLS[0], &METHOD);
        assert_eq!(token::slot(first), 7);
        assert_eq!((place.call_at(first), place.call_at(CALLS[0])), (Some(CALLS[0]), None));
        place.close(CALLS[0]);
        assert_eq!(place.call_at(first), None);
        assert_eq!(place.open(CALLS[1], &METHOD), first);
        assert_eq!(place.call_at(first), Some(CALLS[1]));
        place.close(CALLS[1]);
        let other = place.open(CALLS[2], &OTHER);
        assert_ne!(other, first);
        place.close(CALLS[2]);
        assert_ne!(place.open(CALLS[0], &METHOD), first);
    }

    #[test]
    fn where_a_call_was_given_up_no_other_is_answered() {
        let mut place = Place::default();
        let first = place.open(CALLS[0], &METHOD);
        // Of one that went another way, in the same slot, an answer says nothing.
        place.close(CALLS[1]);
        let second = place.open(CALLS[2], &METHOD);
        assert_ne!(second, first);
        assert_eq!((place.call_at(first), place.call_at(second)), (None, Some(CALLS[2])));
    }
}
