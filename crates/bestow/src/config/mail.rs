//! The settings of mail, as the mailer wants them.

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, ensure};
use mail::{Login, MailSettings, Password, Security, SmtpSettings, TransportSettings};

use super::Settings;
use super::sections::{Mail, MailSecurity};

impl Mail {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let (user, password) = (!self.smtp_user.is_empty(), !self.smtp_password.is_empty());
        ensure!(
            user || !password,
            "mail.smtp_password is given, but mail.smtp_user is not: give both, or neither"
        );
        ensure!(
            password || !user,
            "mail.smtp_user is given, but mail.smtp_password (BESTOW_MAIL_SMTP_PASSWORD) is not: give both, or neither"
        );
        Ok(())
    }

    fn smtp(&self) -> anyhow::Result<SmtpSettings> {
        let login = (!self.smtp_user.is_empty()).then(|| Login {
            username: self.smtp_user.clone(),
            password: Password::new(self.smtp_password.expose().to_owned()),
        });
        let trust = &self.smtp_trust_certificate;
        Ok(SmtpSettings {
            host: self.smtp_host.clone(),
            port: self.smtp_port,
            security: match self.smtp_security {
                MailSecurity::StartTls => Security::StartTls,
                MailSecurity::Tls => Security::Tls,
                MailSecurity::None => Security::None,
            },
            login,
            timeout: Duration::from_secs(self.smtp_timeout_seconds.into()),
            connections: NonZeroU32::new(self.smtp_connections).context("mail.smtp_connections is 0")?,
            trust_certificate: (!trust.as_os_str().is_empty()).then(|| trust.clone()),
        })
    }
}

impl Settings {
    /// Whether mail is sent; if not, it is written into a folder.
    pub(crate) const fn sends_mail(&self) -> bool {
        !self.mail.smtp_host.is_empty()
    }

    /// What the mailer wants to know.
    pub(crate) fn mailer(&self) -> anyhow::Result<MailSettings> {
        let transport = if self.sends_mail() {
            TransportSettings::Smtp(self.mail.smtp()?)
        } else {
            TransportSettings::Folder { path: self.mail_folder() }
        };
        Ok(MailSettings { from: self.mail.from.clone(), transport })
    }

    /// How mail leaves, for people: no user, no password.
    pub(crate) fn mail_way(&self) -> String {
        let Mail { smtp_host, smtp_port, smtp_security, .. } = &self.mail;
        if !self.sends_mail() {
            return format!("one file a message in {}", self.mail_folder().display());
        }
        let security = match smtp_security {
            MailSecurity::StartTls => "STARTTLS",
            MailSecurity::Tls => "TLS",
            MailSecurity::None => "unencrypted",
        };
        format!("by the mail server {smtp_host}, port {smtp_port}, {security}")
    }
}
