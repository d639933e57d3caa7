//! Making accounts and changing them: for the pages and for the commands.

use std::time::Duration;

use super::invitation::Invitation;
use super::passwords::{Lane, PasswordsBusy};
use super::{Auth, Client, Invitations, LoggedIn, LoginError};
use crate::models::{
    EmailAddress, EventKind, Fault, NewPassword, NewUser, PasswordHash, PersonName, Role, SessionId, User, UserId,
};
use crate::store::{StoreError, UserAdded, UserChanged};

/// Somebody about to get an account; every part keeps its rules.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// How the pages will call them.
    pub name: PersonName,
    /// Their login.
    pub email: EmailAddress,
    /// Their password.
    pub password: NewPassword,
}

impl NewAccount {
    /// Applies the rules to what was typed into the fields `name`, `email`, `password` and `password_again`.
    ///
    /// # Errors
    /// Every field's fault, in the order of the form.
    pub fn parse(name: &str, email: &str, password: &str, again: &str) -> Result<Self, Vec<Fault>> {
        let name = PersonName::parse("name", name);
        let email = EmailAddress::parse("email", email);
        match (name, email, NewPassword::parse_twice(password, again)) {
            (Ok(name), Ok(email), Ok(password)) => Ok(Self { name, email, password }),
            (name, email, password) => {
                Err(name.err().into_iter().chain(email.err()).chain(password.err().into_iter().flatten()).collect())
            }
        }
    }
}

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Somebody has this address already.
    #[error("a user with this address exists already")]
    EmailTaken,
    /// The first user exists already.
    #[error("this Letterbox has its owner already")]
    NotFirst,
    /// There is no such user.
    #[error("there is no user with this address")]
    Unknown,
    /// Nobody would be left who may manage users.
    #[error("the last owner must stay an owner; make somebody else an owner first")]
    LastOwner,
    /// The password that was asked for as a proof is another one.
    #[error("the password is not right")]
    WrongPassword,
    /// Too many tries; come back after this long.
    #[error("too many tries")]
    TooMany(Duration),
    /// The invitation is not ours, has expired, or was used.
    #[error("the invitation is not valid any more")]
    NotInvited,
    /// Too many passwords are being worked on.
    #[error(transparent)]
    Busy(#[from] PasswordsBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account was made, but logging in failed; logging in by hand will do.
    #[error(transparent)]
    Login(LoginError),
}

impl From<getrandom::Error> for AccountError {
    fn from(error: getrandom::Error) -> Self {
        AccountError::Store(StoreError::Unavailable(error.to_string().into()))
    }
}

impl Auth {
    /// A new set-up token while no user exists, else `None`.
    ///
    /// # Errors
    /// When the store fails or the system gives no random bytes.
    pub async fn setup_token(&self) -> Result<Option<String>, AccountError> {
        if !self.is_new().await? {
            return Ok(None);
        }
        Ok(Some(self.seals.setup.issue(self.clock.now())?))
    }

    /// Whether `token` opens the set-up page now.
    pub fn accepts_setup_token(&self, token: &str) -> bool {
        self.seals.setup.accepts(token, self.clock.now())
    }

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_new(&self) -> Result<bool, StoreError> {
        Ok(self.store.count_users().await? == 0)
    }

    /// Makes the first account, an owner's, and signs them in. Of many who try at once one succeeds.
    ///
    /// # Errors
    /// [`AccountError::NotFirst`] when somebody was faster.
    pub async fn create_owner(&self, account: NewAccount, client: &Client) -> Result<LoggedIn, AccountError> {
        let new = self.new_user(account, Role::Owner).await?;
        let NewUser { user, password } = new.clone();
        match self.store.add_first_user(new).await? {
            UserAdded::Added => {
                self.note(EventKind::UserAdded, user.email.as_str(), user.email.as_str(), client).await;
                self.begin_session(user, &password, client).await.map_err(AccountError::Login)
            }
            UserAdded::EmailTaken | UserAdded::NotFirst => Err(AccountError::NotFirst),
        }
    }

    /// Adds a user with a password.
    ///
    /// # Errors
    /// [`AccountError::EmailTaken`] and failures.
    pub async fn add_user(
        &self,
        account: NewAccount,
        role: Role,
        by: &str,
        client: &Client,
    ) -> Result<User, AccountError> {
        let new = self.new_user(account, role).await?;
        self.add(new, EventKind::UserAdded, by, client).await
    }

    /// Adds a user without a password and gives the token of a link by which they choose one.
    ///
    /// # Errors
    /// [`AccountError::EmailTaken`] and failures.
    pub async fn invite(
        &self,
        name: PersonName,
        email: EmailAddress,
        role: Role,
        by: &User,
        client: &Client,
    ) -> Result<(User, String), AccountError> {
        let now = self.clock.now();
        let user = User { id: UserId::new(now), email, name, role, created_at: now, invited: true };
        let placeholder = Invitations::placeholder()?;
        let token = self.seals.invitations.issue(user.id, &placeholder, now);
        let new = NewUser { user, password: placeholder };
        let user = self.add(new, EventKind::UserInvited, by.email.as_str(), client).await?;
        Ok((user, token))
    }

    /// A new link for somebody who has not accepted yet; the one before stops working.
    ///
    /// # Errors
    /// [`AccountError::NotInvited`] when they have a password by now.
    pub async fn invite_again(&self, email: &EmailAddress, by: &User, client: &Client) -> Result<String, AccountError> {
        let (user, stored) = self.find(email).await?;
        let placeholder = Invitations::placeholder()?;
        if !user.invited || !self.store.renew_password_hash(user.id, &stored, placeholder.clone()).await? {
            return Err(AccountError::NotInvited);
        }
        self.note(EventKind::UserInvited, by.email.as_str(), user.email.as_str(), client).await;
        Ok(self.seals.invitations.issue(user.id, &placeholder, self.clock.now()))
    }

    /// Whom an invitation is for, if it can still be accepted.
    ///
    /// # Errors
    /// [`AccountError::NotInvited`] and failures.
    pub async fn invited(&self, token: &str) -> Result<User, AccountError> {
        self.read_invitation(token).await.map(|(user, _)| user)
    }

    /// Gives an invited account its first password and signs its user in. Of many who try at once one succeeds.
    ///
    /// # Errors
    /// [`AccountError::NotInvited`] and failures.
    pub async fn accept_invitation(
        &self,
        token: &str,
        password: &NewPassword,
        client: &Client,
    ) -> Result<LoggedIn, AccountError> {
        let (user, placeholder) = self.read_invitation(token).await?;
        let hash = self.passwords.hash(password.expose(), Lane::Known).await?;
        if !self.store.renew_password_hash(user.id, &placeholder, hash.clone()).await? {
            return Err(AccountError::NotInvited);
        }
        self.note(EventKind::InvitationAccepted, user.email.as_str(), "", client).await;
        self.begin_session(User { invited: false, ..user }, &hash, client).await.map_err(AccountError::Login)
    }

    /// Changes one's own password, proven by the present one, and ends all other sessions.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`], [`AccountError::TooMany`] and failures.
    pub async fn change_password(
        &self,
        user: &User,
        session: SessionId,
        present: &str,
        new: &NewPassword,
        client: &Client,
    ) -> Result<(), AccountError> {
        let stored = self.proven(user, session, present, client).await?;
        let hash = self.passwords.hash(new.expose(), Lane::Known).await?;
        // The proof holds for the password that was checked: one that was set meanwhile, say by an owner who shuts
        // somebody out, must not be overwritten.
        if !self.store.change_password(user.id, &stored, hash, session, self.clock.now()).await? {
            return Err(AccountError::WrongPassword);
        }
        self.note(EventKind::PasswordChanged, user.email.as_str(), user.email.as_str(), client).await;
        Ok(())
    }

    /// Checks one's own password anew, before what a stolen session must not do, and gives the hash that was checked.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`], [`AccountError::TooMany`] and failures.
    pub async fn prove_password(
        &self,
        user: &User,
        session: SessionId,
        present: &str,
        client: &Client,
    ) -> Result<PasswordHash, AccountError> {
        self.proven(user, session, present, client).await
    }

    /// Sets a password, ends all the user's sessions and revokes all their personal access tokens: this is how an
    /// account is taken back.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] and failures.
    pub async fn set_password(
        &self,
        email: &EmailAddress,
        password: &NewPassword,
        by: &str,
        client: &Client,
    ) -> Result<(), AccountError> {
        let (user, _) = self.find(email).await?;
        let hash = self.passwords.hash(password.expose(), Lane::Known).await?;
        if !self.store.set_password(user.id, hash, None, self.clock.now()).await? {
            return Err(AccountError::Unknown);
        }
        self.note(EventKind::PasswordChanged, by, user.email.as_str(), client).await;
        self.revoke_all_tokens(&user, by, client).await?;
        Ok(())
    }

    /// Gives oneself another name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_name(&self, user: &User, name: PersonName) -> Result<(), AccountError> {
        self.store.set_name(user.id, name).await?.then_some(()).ok_or(AccountError::Unknown)
    }

    /// Gives a user another role and ends their sessions.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::LastOwner`] and failures.
    pub async fn set_role(
        &self,
        email: &EmailAddress,
        role: Role,
        by: &str,
        client: &Client,
    ) -> Result<(), AccountError> {
        let (user, _) = self.find(email).await?;
        if user.role == role {
            return Ok(());
        }
        changed(self.store.set_role(user.id, role, self.clock.now()).await?)?;
        self.note(EventKind::RoleChanged, by, user.email.as_str(), client).await;
        Ok(())
    }

    /// Removes a user with all their sessions and personal access tokens.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::LastOwner`] and failures.
    pub async fn remove_user(&self, email: &EmailAddress, by: &str, client: &Client) -> Result<(), AccountError> {
        let (user, _) = self.find(email).await?;
        changed(self.store.remove_user(user.id).await?)?;
        self.note(EventKind::UserRemoved, by, user.email.as_str(), client).await;
        Ok(())
    }

    /// The hash that the present password was checked against.
    async fn proven(
        &self,
        user: &User,
        session: SessionId,
        present: &str,
        client: &Client,
    ) -> Result<PasswordHash, AccountError> {
        self.attempts.admit_session(session).await.map_err(AccountError::TooMany)?;
        let (_, stored) = self.find(&user.email).await?;
        if self.passwords.verify(present, Some(stored.clone()), Lane::Known).await? {
            return Ok(stored);
        }
        self.note(EventKind::LoginFailed, user.email.as_str(), "", client).await;
        Err(AccountError::WrongPassword)
    }

    async fn find(&self, email: &EmailAddress) -> Result<(User, PasswordHash), AccountError> {
        self.store.user_by_email(&email.key()).await?.ok_or(AccountError::Unknown)
    }

    async fn add(&self, new: NewUser, kind: EventKind, by: &str, client: &Client) -> Result<User, AccountError> {
        let user = new.user.clone();
        match self.store.add_user(new).await? {
            UserAdded::Added => {
                self.note(kind, by, user.email.as_str(), client).await;
                Ok(user)
            }
            UserAdded::EmailTaken | UserAdded::NotFirst => Err(AccountError::EmailTaken),
        }
    }

    async fn read_invitation(&self, token: &str) -> Result<(User, PasswordHash), AccountError> {
        let invitation: Invitation = Invitations::parse(token).ok_or(AccountError::NotInvited)?;
        let users = self.store.list_users().await?;
        let user = users.into_iter().find(|user| user.id == invitation.user).ok_or(AccountError::NotInvited)?;
        let (user, stored) = self.find(&user.email).await?;
        let good = self.seals.invitations.accepts(&invitation, &stored, self.clock.now());
        if good { Ok((user, stored)) } else { Err(AccountError::NotInvited) }
    }

    async fn new_user(&self, account: NewAccount, role: Role) -> Result<NewUser, AccountError> {
        let now = self.clock.now();
        let password = self.passwords.hash(account.password.expose(), Lane::Known).await?;
        let NewAccount { name, email, .. } = account;
        let user = User { id: UserId::new(now), email, name, role, created_at: now, invited: false };
        Ok(NewUser { user, password })
    }
}

fn changed(outcome: UserChanged) -> Result<(), AccountError> {
    match outcome {
        UserChanged::Changed => Ok(()),
        UserChanged::Unknown => Err(AccountError::Unknown),
        UserChanged::LastOwner => Err(AccountError::LastOwner),
    }
}
