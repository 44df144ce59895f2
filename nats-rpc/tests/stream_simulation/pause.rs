use std::time::Duration;

/// A pause of no length is none: what is ready together stays together.
pub(crate) async fn pause(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}
