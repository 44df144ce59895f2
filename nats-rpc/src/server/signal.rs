//! What tells a process to stop.

/// Completes when the process is interrupted from the keyboard.
///
/// # Panics
/// When the signal can't be listened to.
pub async fn ctrl_c() {
    tokio::signal::ctrl_c().await.expect("the interrupt signal can't be listened to");
}

/// Completes when the process is asked to terminate (SIGTERM), as process supervisors and containers do. Where
/// there is no such signal it never completes.
///
/// # Panics
/// When the signal can't be listened to.
pub async fn terminate() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut signal = signal(SignalKind::terminate()).expect("the terminate signal can't be listened to");
        signal.recv().await;
    }
    #[cfg(not(unix))]
    std::future::pending::<()>().await;
}

/// Completes at [`ctrl_c`] or [`terminate`], whichever comes first.
///
/// # Panics
/// When a signal can't be listened to.
pub async fn shutdown_signal() {
    tokio::select! {
        () = ctrl_c() => {}
        () = terminate() => {}
    }
}
