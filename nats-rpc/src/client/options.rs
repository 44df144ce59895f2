/// What can be said of one call before it is made, whatever its kind: methods of a type that has a `change`.
macro_rules! call_options {
    () => {
        /// Sets the timeout, counted from the moment the call is made; it covers all attempts, and a stream to its end.
        /// An earlier deadline that the call inherits from the handler that makes it wins.
        pub fn timeout(self, timeout: std::time::Duration) -> Self {
            self.change(|call| Ok(call.with_timeout(timeout)))
        }

        /// Adds a value to a key of the request's metadata. Invalid metadata is INTERNAL when the call is awaited.
        pub fn metadata(
            self,
            key: impl Into<std::borrow::Cow<'static, str>>,
            value: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            self.change(|mut call| {
                call.metadata_mut().append(key, value)?;
                Ok(call)
            })
        }

        /// Adds bytes to a `-bin` key of the request's metadata. Invalid metadata is INTERNAL when the call is awaited.
        pub fn metadata_bin(
            self,
            key: impl Into<std::borrow::Cow<'static, str>>,
            value: impl Into<bytes::Bytes>,
        ) -> Self {
            self.change(|mut call| {
                call.metadata_mut().append_bin(key, value)?;
                Ok(call)
            })
        }

        /// Sets how much of a stream of responses may be on its way at once, in bytes, when its reader keeps up. Default:
        /// what the [channel](crate::Channel::with_max_window) says.
        pub fn max_window(self, bytes: u32) -> Self {
            self.change(|call| Ok(call.with_max_window(bytes)))
        }

        /// Says how important the call is. Default: as important as the call whose handler makes it.
        pub fn priority(self, priority: crate::call::Priority) -> Self {
            self.change(|call| {
                let context = call.context().clone().with_priority(priority);
                Ok(call.with_context(context))
            })
        }

        /// Leaves the context of the handler that makes the call: deadline, cancellation, priority and trace are not
        /// inherited.
        pub fn detached(self) -> Self {
            self.change(|call| Ok(call.with_context(crate::call::Context::new())))
        }
    };
}

/// What one call says of its policy, whatever layers the client has: methods of a type that has a `change`.
macro_rules! policy_options {
    () => {
        /// Sets when the call is made again after a failure, in the place of what the
        /// [policies](crate::layer::Policies) say; [`RetrySpec::off`](crate::spec::RetrySpec::off): never. It turns
        /// hedging off.
        pub fn retry(self, retry: crate::spec::RetrySpec) -> Self {
            self.change_policy(|policy| policy.with_retry(retry))
        }

        /// Sets how long an attempt may take before the next one, in the place of what the
        /// [policies](crate::layer::Policies) say. The [timeout](Self::timeout) is for all attempts together.
        pub fn attempt_timeout(self, timeout: std::time::Duration) -> Self {
            self.change_policy(|policy| policy.with_attempt_timeout(timeout))
        }

        /// Sets whether the call waits, within its time, until somebody serves the method, in the place of what the
        /// [policies](crate::layer::Policies) say. Otherwise it fails with UNAVAILABLE after the attempts of its
        /// [`RetrySpec`](crate::spec::RetrySpec), some 30 ms by default.
        pub fn wait_for_ready(self, wait: bool) -> Self {
            self.change_policy(|policy| policy.with_wait_for_ready(wait))
        }

        fn change_policy(
            self,
            change: impl FnOnce(crate::layer::CallPolicy) -> crate::layer::CallPolicy,
        ) -> Self {
            self.change(|mut call| {
                let policy = call.extensions_mut().get_or_insert_default::<crate::layer::CallPolicy>();
                *policy = change(std::mem::take(policy));
                Ok(call)
            })
        }
    };
}

pub(super) use {call_options, policy_options};
