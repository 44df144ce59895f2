use super::{Inbound, shared};
use crate::wire::{Data, FRAME_COST};

const KIB: u64 = 1024;

#[test]
fn a_wide_window_is_used_by_half_beside_other_calls() {
    let windows = [(0, 0), (16, 16), (512, 512), (768, 512), (1024, 512), (4096, 2048)];
    for (window, used) in windows {
        assert_eq!(shared(window * KIB), used * KIB, "of {window} KiB");
    }
    let mut inbound = Inbound::responses(1024 * KIB);
    for seq in 0..16 {
        inbound.data(&Data { seq, ..Data::default() }, 16 * 1024 - FRAME_COST as usize).unwrap();
    }
    inbound.share(true);
    assert!(!inbound.consume(256 * KIB), "there is more on its way than half of the window");
    assert_eq!(inbound.grant(), 1024 * KIB + FRAME_COST, "what was allowed can't be taken back");
    inbound.share(false);
    assert!(inbound.consume(0));
    assert_eq!(inbound.grant(), (256 + 1024) * KIB);
}
