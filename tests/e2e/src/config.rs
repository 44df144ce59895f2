//! Configurations of a nats-server.

use crate::Options;

/// How many replies an export lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseType {
    /// One.
    Singleton,
    /// Any number.
    Stream,
}

/// A user of one of the configurations here, with an inbox of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Serves.
    Server,
    /// Calls.
    Client,
}

impl Account {
    /// The name of the user.
    #[must_use]
    pub const fn user(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// The password of the user.
    #[must_use]
    pub const fn password(self) -> &'static str {
        match self {
            Self::Server => "serves",
            Self::Client => "calls",
        }
    }

    /// The only inbox that the user may subscribe to.
    #[must_use]
    pub const fn inbox_prefix(self) -> &'static str {
        match self {
            Self::Server => "_INBOX.server",
            Self::Client => "_INBOX.client",
        }
    }

    /// How this user connects.
    pub fn options(self, url: impl Into<String>) -> Options {
        Options::new(url).login(self.user(), self.password()).inbox_prefix(self.inbox_prefix())
    }

    /// The user with these other settings.
    fn entry(self, more: &str) -> String {
        format!("{{ user: {}, password: {}{more} }}", self.user(), self.password())
    }
}

/// Two accounts: the server's exports `svc.>`, the client's imports it.
#[must_use]
pub fn two_accounts(response_type: ResponseType) -> String {
    two_accounts_with(response_type, "")
}

/// The same, where an import forgets ways back that are not used for `threshold_ms`.
#[must_use]
pub fn forgetful_accounts(response_type: ResponseType, threshold_ms: u64) -> String {
    two_accounts_with(response_type, &format!(", response_threshold: \"{threshold_ms}ms\""))
}

fn two_accounts_with(response_type: ResponseType, more: &str) -> String {
    let response_type = match response_type {
        ResponseType::Singleton => "singleton",
        ResponseType::Stream => "stream",
    };
    let (server, client) = (Account::Server.entry(""), Account::Client.entry(""));
    format!(
        "accounts: {{
  SERVING: {{
    users: [{server}]
    exports: [{{ service: \"svc.>\", response_type: {response_type}{more} }}]
  }}
  CALLING: {{
    users: [{client}]
    imports: [{{ service: {{ account: SERVING, subject: \"svc.>\" }} }}]
  }}
}}"
    )
}

/// Exactly what section 16 of the wire's specification says that the server and the client of a service need, for
/// its prefix, queue group, and the methods that may be called.
#[must_use]
pub fn permissions(prefix: &str, queue_group: &str, methods: &[&str]) -> String {
    // Under which the NATS service API knows the service.
    let name = prefix.rsplit('.').next().unwrap_or_default();
    let below = |subjects: &[&str]| subjects.iter().map(|end| format!("{prefix}.{end}")).collect::<Vec<_>>();
    let plain = |subjects: &[&str]| subjects.iter().map(|&subject| subject.to_owned()).collect::<Vec<_>>();

    let shared = ["*", "_health.*", "_reflection.*"].map(|end| format!("{prefix}.{end} {queue_group}"));
    let api =
        ["PING", "INFO", "STATS"].iter().flat_map(|verb| [format!("$SRV.{verb}"), format!("$SRV.{verb}.>")]);
    let inbox = |account: Account| vec![format!("{}.>", account.inbox_prefix())];
    let server = lists(
        &[plain(&["_INBOX.>", "_R_.>"]), below(&["*"]), plain(&["$SRV.INFO", "$SRV.INFO.>"])].concat(),
        &[shared.to_vec(), below(&["_group", "_i.*.>", "_all.*"]), api.collect(), inbox(Account::Server)]
            .concat(),
    );

    let called = methods
        .iter()
        .flat_map(|method| ["", "_i.*.m.", "_all."].map(|place| format!("{prefix}.{place}{method}")));
    let client = lists(
        &[called.collect(), below(&["_up", "_i.*.s", "_i.*.h"]), vec![format!("$SRV.PING.{name}")]].concat(),
        &inbox(Account::Client),
    );
    format!(
        "authorization: {{ users: [\n  {}\n  {}\n] }}",
        Account::Server.entry(&server),
        Account::Client.entry(&client)
    )
}

/// Exactly what section 16 says that this release needs, and nothing else. Whoever does not log in may do all.
#[must_use]
pub fn needed_permissions(prefix: &str, queue_group: &str, methods: &[&str]) -> String {
    let api =
        ["PING", "INFO", "STATS"].iter().flat_map(|verb| [format!("$SRV.{verb}"), format!("$SRV.{verb}.>")]);
    let inbox = |account: Account| format!("{}.>", account.inbox_prefix());
    let receive = [
        format!("{prefix}.* {queue_group}"),
        format!("{prefix}._group"),
        format!("{prefix}._i.*.>"),
        format!("{prefix}._all.*"),
        inbox(Account::Server),
    ];
    let server = lists(
        &["_INBOX.>".to_owned(), format!("{prefix}.*"), "$SRV.INFO".to_owned()],
        &receive.into_iter().chain(api).collect::<Vec<_>>(),
    );

    let call = methods.iter().copied().chain(["_up", "_i.*.s", "_i.*.h"]);
    let client =
        lists(&call.map(|end| format!("{prefix}.{end}")).collect::<Vec<_>>(), &[inbox(Account::Client)]);
    format!(
        "authorization: {{ users: [\n  {}\n  {}\n  {{ user: observer, password: sees }}\n] }}\nno_auth_user: observer",
        Account::Server.entry(&server),
        Account::Client.entry(&client)
    )
}

fn lists(publish: &[String], subscribe: &[String]) -> String {
    format!(", permissions: {{ publish: {publish:?}, subscribe: {subscribe:?} }}")
}
