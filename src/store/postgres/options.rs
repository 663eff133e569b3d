//! How a database is opened.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    PostgresRepository, Shared,
    ask::{Usual, less, milliseconds},
    engine::Engine,
    error::{Failure, unavailable},
    listen::Listening,
    plentiful::Plentiful,
    schema::{self, Name},
};
use crate::{
    calendar::{BuiltIn, ZoneSource},
    store::{Migration, OpenError, sql::Recent},
};

/// How a [`PostgresRepository`] is opened.
///
/// ```no_run
/// # async fn open() -> Result<(), andon::store::OpenError> {
/// use andon::store::PostgresOptions;
///
/// let options = PostgresOptions::new().schema("desk").connections(8);
/// let repository = options.open("postgres://desk@db.example.org/itsm?sslmode=require").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    schema: String,
    connections: usize,
    patience: Duration,
    migrate: bool,
    transaction_pooling: bool,
    listen_at: Option<String>,
    tls: Option<ClientConfig>,
    zones: Arc<dyn ZoneSource>,
    names_tenant: bool,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("PostgresOptions");
        told.field("schema", &self.schema).field("connections", &self.connections).field("patience", &self.patience);
        told.field("migrate", &self.migrate).field("transaction_pooling", &self.transaction_pooling);
        told.finish_non_exhaustive()
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: "andon".to_owned(),
            connections: 16,
            patience: Duration::from_secs(5),
            migrate: true,
            transaction_pooling: false,
            listen_at: None,
            tls: None,
            zones: Arc::new(BuiltIn),
            names_tenant: true,
        }
    }
}

impl PostgresOptions {
    /// The usual ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The schema in which everything is kept: `andon` if nothing is said. Small letters, digits and underscores, at most
    /// 40, the first no digit.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// How many connections are opened at most, beside the one on which it [listens](Self::listen_at): 16 if nothing is
    /// said, and at least one. A pool of the host's has its own number.
    #[must_use]
    pub const fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How long to wait for a connection, and for the answer to a statement: 5 seconds each if nothing is said. The server
    /// is given a little less, so that it says how something came out. A pool of the host's says itself how long it lets one
    /// wait for a connection. It bounds the statements of migrations as well, and the wait for another process that applies
    /// them: give a deployment more. After that a call is [`Unavailable`](crate::store::RepositoryError::Unavailable), or a commit
    /// [`OutcomeUnknown`](crate::store::RepositoryError::OutcomeUnknown).
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether opening applies the [migrations](PostgresRepository::migrations) that are missing: it does if nothing is
    /// said. If not, a schema that lacks some is refused as [`OlderSchema`](OpenError::OlderSchema).
    #[must_use]
    pub const fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Whether the connections lead through a pooler that may give each transaction another server connection, as
    /// `PgBouncer` does in transaction mode: no statement is prepared then, and nothing is set for longer than a
    /// transaction. Unless it is told [where to listen](Self::listen_at) it does not: what others commit is noticed within
    /// a second. No `statement_timeout` is set: set one for the role.
    #[must_use]
    pub const fn transaction_pooling(mut self, transaction_pooling: bool) -> Self {
        self.transaction_pooling = transaction_pooling;
        self
    }

    /// The address of the server at which to listen for what others commit: with a pooler in between, or a pool of the
    /// host's, the server's own. If nothing is said, it is the address that is opened.
    #[must_use]
    pub fn listen_at(mut self, url: impl Into<String>) -> Self {
        self.listen_at = Some(url.into());
        self
    }

    /// How TLS is spoken, where the address says `sslmode=require` or `prefer`: by rustls with the certificates that the
    /// machine trusts if nothing is said.
    #[must_use]
    pub fn tls(mut self, config: ClientConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// The zones by which the calendars of stored policies are read: the [built-in](BuiltIn) ones if nothing is said.
    #[must_use]
    pub fn zones(mut self, zones: impl ZoneSource + 'static) -> Self {
        self.zones = Arc::new(zones);
        self
    }

    /// Leaves every condition out that says whose rows are meant, so that row-level security stands alone: for the tests
    /// of this library. The schema must be a new one.
    #[cfg(feature = "contract")]
    #[doc(hidden)]
    #[must_use]
    pub const fn row_level_security_alone(mut self) -> Self {
        self.names_tenant = false;
        self
    }

    /// Applies the migrations that are missing, and says which they were. A process that is killed meanwhile leaves each
    /// applied or not: applying them again goes on where it ended. Whoever applies them must own the schema, or be allowed
    /// to create it in the database. Whoever does not apply them needs to own nothing: `USAGE` of the schema, `EXECUTE` of
    /// its functions, and the right to read and write its tables.
    ///
    /// # Errors
    /// [`OpenError`] if the server cannot be reached, or the schema is none of the library's, or of a newer version of it.
    pub async fn apply_migrations(&self, url: &str) -> Result<Vec<&'static Migration>, OpenError> {
        let engine = Engine::find()?;
        let config = self.config(url)?;
        let name = self.name(&config)?;
        let pool = self.pool(config)?;
        let migrate = async {
            let mut client = pool.get().await.map_err(|error| Failure::from(error).during("open"))?;
            schema::suits(&client, &name).await?;
            schema::migrate(&mut client, &name).await
        };
        engine.run(migrate).await
    }

    /// Opens the repository at an address like `postgres://user:password@host:5432/database`, or
    /// `host=/run/postgresql dbname=itsm`. Connections are opened as they are needed, and opened again when they are lost.
    ///
    /// Within a tokio runtime it lives in that one, which must have its timers and its network
    /// ([`enable_all`](tokio::runtime::Builder::enable_all)); without one, it has a runtime of its own, and can be awaited
    /// anywhere.
    ///
    /// # Errors
    /// [`OpenError`] if the address cannot be read, the server cannot be reached, or the schema is none of the library's, of
    /// a newer version of it, or of an older one and not to be [migrated](Self::migrate).
    pub async fn open(&self, url: &str) -> Result<PostgresRepository, OpenError> {
        let engine = Engine::find()?;
        let config = self.config(url)?;
        let name = self.name(&config)?;
        let listen_at = match &self.listen_at {
            Some(url) => Some(self.config(url)?),
            None if self.transaction_pooling => None,
            None => Some(config.clone()),
        };
        let pool = self.pool(config)?;
        self.start(engine, pool, name, listen_at).await
    }

    /// Opens the repository over a pool of the host's. Without an address to [listen at](Self::listen_at), what others
    /// commit is noticed within a second. The `default_transaction_isolation` of its connections must be READ COMMITTED; a
    /// `statement_timeout` on them, no longer than the [patience](Self::patience), ends what nobody waits for any more. If it
    /// leads through a pooler in transaction mode, [say so](Self::transaction_pooling). How many connections there are, how
    /// long one waits for them, and TLS are the pool's.
    ///
    /// # Errors
    /// [`OpenError`]; see [`open`](Self::open).
    pub async fn open_pool(&self, pool: Pool) -> Result<PostgresRepository, OpenError> {
        let engine = Engine::find()?;
        let name = self.name(&Config::new())?;
        let listen_at = self.listen_at.as_deref().map(|url| self.config(url)).transpose()?;
        self.start(engine, pool, name, listen_at).await
    }

    async fn start(
        &self,
        engine: Engine,
        pool: Pool,
        name: Name,
        listen_at: Option<Config>,
    ) -> Result<PostgresRepository, OpenError> {
        let look = async {
            let mut client = pool.get().await.map_err(|error| Failure::from(error).during("open"))?;
            schema::suits(&client, &name).await?;
            let found = schema::current(&client, &name).await?;
            if found < schema::known() {
                if !self.migrate {
                    return Err(OpenError::OlderSchema { place: name.place.clone(), found, needed: schema::known() });
                }
                schema::migrate(&mut client, &name).await?;
            }
            Ok(())
        };
        engine.run(look).await?;
        let listen_at = listen_at.map(|at| Ok::<_, OpenError>((at, self.connector()?))).transpose()?;
        let listening = Listening::start(&engine, listen_at, &pool, &name, self.patience);
        Ok(PostgresRepository::new(Shared {
            pool,
            name,
            listening,
            patience: self.patience,
            prepares: !self.transaction_pooling,
            usual: Usual::default(),
            plentiful: Plentiful::default(),
            recent: Recent::new(),
            zones: Arc::clone(&self.zones),
            engine,
        }))
    }

    fn config(&self, url: &str) -> Result<Config, OpenError> {
        let mut config = Config::from_str(url).map_err(unavailable)?;
        if config.get_application_name().is_none() {
            config.application_name("andon");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(self.patience);
        }
        Ok(config)
    }

    fn name(&self, config: &Config) -> Result<Name, OpenError> {
        let place = match config.get_dbname() {
            Some(database) => format!("{database}.{}", self.schema),
            None => self.schema.clone(),
        };
        if !Name::is_plain(&self.schema) {
            let reason = "a schema is named by small letters, digits and underscores, at most 40".to_owned();
            return Err(OpenError::NotARepository { place, reason });
        }
        Ok(Name {
            quoted: format!("\"{}\"", self.schema),
            place,
            channel: format!("andon_{}", self.schema),
            names_tenant: self.names_tenant,
        })
    }

    fn pool(&self, config: Config) -> Result<Pool, OpenError> {
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match config.get_ssl_mode() {
            SslMode::Disable => Manager::from_config(config, tokio_postgres::NoTls, fast),
            _ => Manager::from_config(config, self.connector()?, fast),
        };
        let mut pool = Pool::builder(manager)
            .max_size(self.connections.clamp(1, 1_000))
            .runtime(Runtime::Tokio1)
            .timeouts(deadpool_postgres::Timeouts {
                wait: Some(self.patience),
                create: Some(self.patience),
                recycle: Some(self.patience),
            });
        if !self.transaction_pooling {
            // A statement ends, and lets go of what it holds, before nobody waits for it any more.
            let set = format!(
                "SET statement_timeout = {}; SET default_transaction_isolation = 'read committed'",
                milliseconds(less(self.patience, 10))
            );
            pool = pool.post_create(Hook::async_fn(move |client, _| {
                let set = set.clone();
                Box::pin(async move { client.batch_execute(&set).await.map_err(HookError::Backend) })
            }));
        }
        Ok(pool.build().map_err(unavailable)?)
    }

    /// TLS as it was asked for, or with the certificates that the machine trusts.
    fn connector(&self) -> Result<MakeRustlsConnect, OpenError> {
        if let Some(config) = &self.tls {
            return Ok(MakeRustlsConnect::new(config.clone()));
        }
        let mut roots = RootCertStore::empty();
        // Those that cannot be read are as good as not there: the server is not trusted then, and says so.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        // The host may have other providers beside this one: it is named, and none is expected to be in force.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(unavailable)?.with_root_certificates(roots).with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}
