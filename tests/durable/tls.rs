//! TLS to a server that has a certificate of its own.

use std::{
    net::TcpListener,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use andon::{
    Desk,
    store::{OpenError, PostgresOptions},
};
use pollster::block_on;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::common::{
    Folder,
    cluster::{Cluster, run, skipped},
};

/// A certificate for `localhost`, signed by itself, in a folder with its key; `None`, with a word, without OpenSSL.
fn certificate(folder: &Folder) -> Option<CertificateDer<'static>> {
    let (key, certificate) = (folder.path().join("server.key"), folder.path().join("server.crt"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
    let Ok(made) = openssl.output() else {
        assert!(std::env::var_os("CI").is_none(), "no OpenSSL: install the package openssl");
        println!("skipped: no OpenSSL");
        return None;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(CertificateDer::from_pem_file(certificate).unwrap())
}

fn trusting(certificate: Option<CertificateDer<'static>>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificate);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(roots).with_no_client_auth()
}

#[test]
fn a_server_is_spoken_to_over_tls_if_it_is_trusted() {
    let folder = Folder::new();
    let Some(certificate) = certificate(&folder) else { return };
    // Nobody comes in over the network without TLS.
    let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
    std::fs::write(folder.path().join("hba.conf"), rules).unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        Cluster::give(&path);
        path.display().to_string()
    };
    // A port that is free now; whoever takes it in the next moment makes the server fail, and says so.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = [
        "fsync = off".to_owned(),
        "listen_addresses = '127.0.0.1'".to_owned(),
        format!("port = {port}"),
        "ssl = on".to_owned(),
        format!("ssl_cert_file = '{}'", file("server.crt")),
        format!("ssl_key_file = '{}'", file("server.key")),
        format!("hba_file = '{}'", file("hba.conf")),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let Some(cluster) = Cluster::start(&settings) else { return skipped() };
    let url =
        |mode: &str| format!("host=localhost hostaddr=127.0.0.1 port={port} user=andon dbname=andon sslmode={mode}");
    let options = PostgresOptions::new().patience(Duration::from_secs(3)).tls(trusting(Some(certificate)));
    let repository = block_on(options.open(&url("require"))).unwrap();
    let desk = andon::blocking::Desk::from(Desk::new(repository.clone())).tenant("acme").unwrap();
    let anna = desk.acting_as(andon::Actor::person("anna").unwrap().role("agent").unwrap());
    let id = anna.report("Mail is down").unwrap().id();
    assert_eq!(anna.incident(id).get().unwrap().incident().number().as_str(), "INC0000001");
    // The connections of the library are those with TLS, the one that listens as well.
    let sql = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s ON s.pid = a.pid AND s.ssl \
               WHERE a.application_name = 'andon' AND s.pid IS NULL) \
               OR (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'andon') < 2 THEN \
               RAISE 'somebody came without TLS, or nobody did'; END IF; END $$";
    let began = Instant::now();
    while let Err(error) = run(&cluster.url("admin"), sql) {
        assert!(began.elapsed() < Duration::from_secs(10), "{error:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Who is not trusted is not spoken to, and neither is one over a line that is open.
    for (config, mode) in [(trusting(None), "require"), (trusting(None), "prefer"), (trusting(None), "disable")] {
        let began = Instant::now();
        let options = PostgresOptions::new().patience(Duration::from_secs(3)).tls(config);
        let refused = block_on(options.open(&url(mode))).unwrap_err();
        assert!(matches!(refused, OpenError::Repository(_)), "{mode}: {refused:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{mode}");
    }
}
