//! A profile of OpenVPN, as documented, with certificates that are none: what
//! stands between their marks says so.

/// Known from the provider API document.
const HEAD: &str = "client\nremote vpn.safedns.com 1194 udp\nnobind\ndev tun\npersist-tun\n\
    persist-key\nverify-x509-name vpn.safedns.com name\nremote-cert-tls server\n\
    cipher AES-128-CBC\n\n";

/// The text for one connection; its parts tell connections apart.
pub(super) fn text(connection: &str) -> String {
    let certificate = |what: &str| block("CERTIFICATE", what, connection);
    let authorities = ["first", "second", "third"].map(certificate).concat();
    let own = certificate("own");
    let key = block("PRIVATE KEY", "key", connection);
    format!("{HEAD}<ca>\n{authorities}</ca>\n<cert>\n{own}</cert>\n<key>\n{key}</key>\n")
}

fn block(kind: &str, what: &str, connection: &str) -> String {
    let hidden: String = connection
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("-----BEGIN {kind}-----\nINVENTED/{what}/{hidden}\n-----END {kind}-----\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_text_is_the_documented_one_but_for_the_certificates() {
        let text = super::text("a");
        let lines = text.lines().filter(|line| !line.starts_with("INVENTED"));
        let bare = lines.map(|line| format!("{line}\n")).collect::<String>();
        let certificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";
        let expected = format!(
            "client\nremote vpn.safedns.com 1194 udp\nnobind\ndev tun\npersist-tun\npersist-key\n\
             verify-x509-name vpn.safedns.com name\nremote-cert-tls server\ncipher AES-128-CBC\n\n\
             <ca>\n{}</ca>\n<cert>\n{certificate}</cert>\n<key>\n{key}</key>\n",
            certificate.repeat(3)
        );
        assert_eq!(bare, expected);
        assert_ne!(text, super::text("b"));
    }
}
