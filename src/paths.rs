//! Every URL, once.

/// The front door: to the inbox, or to the login.
pub const HOME: &str = "/";
/// Where the public writes.
pub const CONTACT: &str = "/contact";
/// Where a visitor is thanked.
pub const THANKS: &str = "/contact/thanks";
/// Makes the owner, once.
pub const SETUP: &str = "/setup";
/// Where keys are shown.
pub const LOGIN: &str = "/login";
/// Where a session ends.
pub const LOGOUT: &str = "/logout";
/// The inbox.
pub const MESSAGES: &str = "/messages";
/// Letters as a file.
pub const EXPORT: &str = "/messages/export";
/// One's own account.
pub const ACCOUNT: &str = "/account";
/// One's own personal access tokens.
pub const ACCESS_TOKENS: &str = "/account/tokens";
/// What happened to accounts and logins, for owners.
pub const ACTIVITY: &str = "/account/activity";
/// Where somebody who was invited chooses a password.
pub const INVITATION: &str = "/invitation";
/// Everybody's accounts, for owners.
pub const USERS: &str = "/users";
/// Style, icons.
pub const STATIC: &str = "/static";
/// Whether the process is up.
pub const HEALTH: &str = "/healthz";
/// Whether the store answers.
pub const READY: &str = "/readyz";
/// Where programs come in; a page that says how.
pub const API: &str = "/api";
/// The API in its first version.
pub const API_V1: &str = "/api/v1";
/// The API in the words of OpenAPI.
pub const API_DOCUMENT: &str = "/api/v1/openapi.json";
/// Letters, for programs.
pub const API_MESSAGES: &str = "/api/v1/messages";
