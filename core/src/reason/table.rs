//! The table of reasons: the code of each, its English words, and what to do about it.
//!
//! A template names the arguments in braces. `{address}` is put in as it is, a number whose
//! name ends in `_s` as a span of time, and reasons one after the other, with what stands
//! behind the colon between them: `{attempts:; }`. What an argument is, its name says,
//! and [`KINDS`] for all of them.

use alloc::vec::Vec;
use core::fmt;

/// Declares the codes and their table.
macro_rules! table {
    ($($(#[$attribute:meta])* $code:ident $name:literal $template:literal $(=> $action:literal)?;)*) => {
        /// The code of a reason. The documentation of each is its name.
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Code {
            $(
                $(#[$attribute])*
                #[doc = concat!("`", $name, "`")]
                $code,
            )*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$code),*];
        }

        /// The entries: three lines each, which are the name, the template and what to do.
        /// One text takes no pointers.
        const TABLE: &str = concat!($($name, "\n", $template, "\n" $(, $action)?, "\n"),*);

        /// The templates alone, for what is checked when it is compiled.
        const TEMPLATES: &[&str] = &[$($template),*];
    };
}

table! {
    // What has no code.
    #[default]
    Words "words" "{words}";

    // An address that may not be published.
    AddressNone "address.none" "there is no {family} address";
    AddressUnspecified "address.unspecified" "{address} is not an address of any host";
    AddressPrivate "address.private" "{address} is a private address: this router is behind another one (double NAT); use source 'web' with a page of the Internet, or let the other router pass its address on (bridge mode)" => "the other router into bridge mode; or `source 'web'`, with a page that says the address";
    AddressCgnat "address.cgnat" "{address} is a CGNAT address (100.64.0.0/10), which the provider's other customers share; ask the provider for a public one" => "only the Internet provider can help: with a public address. What neighbours share is not sent";
    AddressLoopback "address.loopback" "{address} is a loopback address";
    AddressLinkLocal "address.link_local" "{address} is a link-local address: the WAN was given no other; look at its DHCP or PPPoE";
    AddressUniqueLocal "address.unique_local" "{address} is a unique local address (ULA), which is private to this site";
    AddressDocumentation "address.documentation" "{address} is an address for documentation, not a real one";
    AddressBenchmarking "address.benchmarking" "{address} is an address for benchmarks, not a real one";
    AddressProtocol "address.protocol" "{address} is an address for the inside of DS-Lite or 464XLAT: this router shares its public IPv4 address with others";
    AddressTransition "address.transition" "{address} is an address of a transition mechanism (6to4, Teredo), not of this WAN";
    AddressMulticast "address.multicast" "{address} is a multicast address";
    AddressBroadcast "address.broadcast" "{address} is the broadcast address";
    AddressReserved "address.reserved" "{address} is in a reserved range";
    AddressDeprecated "address.deprecated" "{address} is deprecated: its prefix is being withdrawn and no other has come yet";
    AddressTemporary "address.temporary" "{address} is a temporary (privacy) address, which changes by design";
    AddressSharedPorts "address.shared_ports" "{address} is shared with the provider's other customers, each of whom has some of its ports (protocol {proto} of network '{network}'); ask the provider for a public one, or, if it is yours alone, set option shared_address '1'" => "MAP, DS-Lite: only the Internet provider can help, with a public address. If it is known to be yours alone, `option shared_address '1'`";
    AddressSharedCgnat "address.shared_cgnat" "{address} is shared with the provider's other customers, since network '{network}' itself has {inside}, a CGNAT address (100.64.0.0/10); ask the provider for a public one, or, if it is yours alone, set option shared_address '1'" => "only the Internet provider can help: with a public address. What neighbours share is not sent, though a page says a public address: it is that of the provider's NAT. If it is known to be yours alone, `option shared_address '1'`";
    AddressSharedProtocol "address.shared_protocol" "{address} is shared with the provider's other customers, since network '{network}' itself has {inside}, one for the inside of DS-Lite or 464XLAT; ask the provider for a public one, or, if it is yours alone, set option shared_address '1'" => "@address.shared_cgnat";
    AddressOfRival "address.of_rival" "section '{section}' has {address} for user '{ident}': SkyDNS takes an address from one user when it is sent for another" => "two users of SkyDNS cannot have one address: leave one section out, or give it another source";

    // A source that has no address.
    SourceSharingUnknown "source.sharing_unknown" "netifd cannot say whether {address} is shared with strangers (CGNAT): {cause}" => "netifd does not answer, so what the page says is not sent: `ubus call network.interface dump`";
    SourceNoAddress "source.no_address" "network '{network}' {state}{hint}" => "the WAN is down: `ifstatus wan`, `ifup wan`";
    SourceNoAddressOfFamily "source.no_address_of_family" "network '{network}' has no {family} address{hint}";
    SourceOtherNetwork "source.other_network" "; network '{network}' has one (option network '{network}')";
    SourceNoneHasAddress "source.none_has_address" "no network has an {family} address: {states:, }" => "none of `list network` is connected: `ifstatus wan`";
    SourceOnlyPrefix "source.only_prefix" "only a prefix is delegated ({prefix}), and '{network}' has no address of its own: take the LAN's network (source 'network', option network '{lan}')" => "`option network` is the LAN's network, which the rest of the line names";
    SourcePrefixUnused "source.prefix_unused" "only a prefix is delegated ({prefix}), and '{network}' has no address of its own: give some of it to the LAN (option ip6assign '60' in /etc/config/network), and take the LAN's network";
    SourceNoDevice "source.no_device" "there is no device {device}" => "`option device` is a name as `ip address` shows it. The devices that have a public address stand under that line, each as the option that would name it";
    SourceNoAddressList "source.no_address_list" "the kernel lists no addresses: {error}";
    SourceNetworkWithoutDevice "source.network_without_device" "the network has none: it {state}";
    SourcePages "source.pages" "{pages:; }";
    SourceCommandNoInterpreter "source.command_no_interpreter" "the command {program} cannot be run: the interpreter in its first line is missing; does that line end in CR LF?{stderr}" => "the script was written on Windows: `sed -i 's/\\r$//'` on it. Or its first line names a shell that OpenWrt has not: `#!/bin/sh`";
    SourceCommandNotStarted "source.command_not_started" "the command {program} cannot be run: {error}{stderr}";
    SourceCommandUnheard "source.command_unheard" "the command {program} cannot be listened to: {error}{stderr}";
    SourceCommandFailed "source.command_failed" "the command {program} failed ({exit}){stderr}" => "run it by hand, as root: its first line is to be the address. `curl -s` says nothing of its errors, `curl -sS` does";
    SourceCommandTimeout "source.command_timeout" "the command {program} took longer than {seconds} s{stderr}" => "@source.command_failed";
    SourceCommandSilent "source.command_silent" "the command {program} printed nothing{stderr}" => "@source.command_failed";
    SourceCommandNotAnAddress "source.command_not_an_address" "the command {program} did not print an address, but '{line}'{stderr}" => "@source.command_failed";
    SourceCommandError "source.command_error" "; its standard error: {line}";

    // A page of source 'web'.
    PageFault "page.fault" "{url}: {cause}";
    PageStatus "page.status" "HTTP status {status}";
    PageHtml "page.html" "the page is HTML and not an address: does this line want a login first?" => "the provider wants a login first, or the URL is that of a page for people";
    PageNoMember "page.no_member" "the page is JSON without an address in 'ip', 'address', 'query' or 'origin'";
    PageNotAnAddress "page.not_an_address" "the page is not one address and nothing else";
    PageOtherFamily "page.other_family" "it says {address}, which is of the other family";

    // What netifd says of a network, behind its name.
    NetworkNamed "network.named" "'{network}' {state}";
    NetworkUnknown "network.unknown" "netifd knows no network '{network}'" => "`option network` (or `bind`) is a name of `/etc/config/network`: `uci show network`";
    NetworkMisspelt "network.misspelt" "netifd knows no network '{network}' (did you mean '{meant}'?)" => "@network.unknown";
    NetworkIsDevice "network.is_device" "netifd knows no network '{network}': {network} is the device of network '{meant}'" => "`option network` is the name of the network: `wan`";
    NetworkUp "network.up" "is up{errors}";
    NetworkUpWithoutAddress "network.up_without_address" "is up without an address{errors}";
    NetworkLoginFailed "network.login_failed" "could not log in{errors}" => "login and password in `/etc/config/network` are those of `wansync vpnki add_tunnel`? Then `ifup vpnki0`";
    NetworkNoDevice "network.no_device" "has no device{errors}";
    NetworkNoSuchDevice "network.no_such_device" "has no device {device}{errors}";
    NetworkWaitsForDhcp "network.waits_for_dhcp" "is waiting for DHCP{errors}";
    NetworkWaitsForDhcpv6 "network.waits_for_dhcpv6" "is waiting for DHCPv6 or a router advertisement{errors}";
    NetworkDials "network.dials" "is dialling{errors}";
    NetworkPending "network.pending" "is being set up{errors}";
    NetworkDown "network.down" "is down{errors}";
    NetworkOff "network.off" "was taken down by hand; 'ifup {network}' brings it back" => "`ifup vpnki0`. What its owner took down is left alone";
    NetworkNotStarted "network.not_started" "is not started at boot (auto '0'); 'ifup {network}' brings it up";
    NetworkRestarting "network.restarting" "is being restarted";
    NetworkGone "network.gone" "is gone: netifd has it no longer";
    NetworkUpWithoutDevice "network.up_without_device" "is up without a device";
    NetworkGivenUp "network.given_up" "{state}, and netifd does not try again";
    NetworkErrors "network.errors" " ({codes})";

    // The WAN that a tunnel runs over.
    WanNotAsked "wan.not_asked" "it was not asked";
    WanState "wan.state" "the WAN '{network}' {state}";
    WanNoRoute "wan.no_route" "no network has a default route";
    WanUnknown "wan.unknown" "netifd has no network '{network}'";
    WanUnknownAll "wan.unknown_all" "netifd has none of the networks {names}";
    WanNoneUp "wan.none_up" "no WAN is up: {states:, }";
    WanOneOf "wan.one_of" "{network} {state}";
    WanOneUnknown "wan.one_unknown" "netifd has no network {network}";

    // ubus gave no answer.
    UbusNotAsked "ubus.not_asked" "not asked yet";
    UbusNotRunning "ubus.not_running" "ubusd is not running: nobody listens at {socket}" => "the router itself is ill: reboot it";
    UbusConnect "ubus.connect" "no connection to ubusd at {socket}: {error}" => "@ubus.not_running";
    UbusUnknownUser "ubus.unknown_user" "ubusd hung up without a greeting: this process's user or group is not known to the system";
    UbusNoNetifd "ubus.no_netifd" "netifd is not running: ubus has no object {object}" => "@ubus.not_running";
    UbusNoProcd "ubus.no_procd" "procd does not answer: ubus has no object {object}";
    UbusNoObject "ubus.no_object" "ubus has no object {object}: is its program running?";
    UbusNotPermitted "ubus.not_permitted" "ubus does not permit this user to call {call}";
    UbusFailed "ubus.failed" "ubus call {call} failed: {error}";
    UbusStatus "ubus.status" "ubus call {call} failed with status {status}";
    UbusNoData "ubus.no_data" "ubus call {call} succeeded but brought no data";
    UbusTimeout "ubus.timeout" "no answer from ubus to {call} within {seconds} s";
    UbusBroken "ubus.broken" "the connection to ubusd broke: {error}";
    UbusMalformed "ubus.malformed" "what came over ubus is not understood: {error}";
    UbusTooLong "ubus.too_long" "the arguments of ubus call {call} are too long";

    // What else stops a pass before it sends.
    PassClockNotSet "pass.clock_not_set" "the clock is not set (it says {date}), so no certificate can be checked; this waits for NTP" => "`/etc/init.d/sysntpd restart`, `uci show system.ntp`. The NTP event starts the pass";
    PassKeyOfUser "pass.key_of_user" "{cause} (number {user}, not root)";
    PassCannotRemember "pass.cannot_remember" "{cause}; until it can be written, nothing is sent" => "`df /tmp /overlay`: is it full, or read-only? Without `/var/run/wansync` nothing is sent; without `/etc/wansync` a reboot sends again";

    // The service refused before.
    HoldPause "hold.pause" "the service refused before ({refusal}), so nothing is sent; a changed configuration or key ends the hold at once" => "put right what is in the brackets. A changed configuration or key ends the hold at once; another address is tried without delay. `wansync once --force` skips the pause, and not the limits: a refusal that is repeated may lock the account";
    HoldAddress "hold.address" "the service refused {count} times within 24 h ({refusal}), so {address} is not sent, not even with --force; a changed configuration or key ends the hold at once" => "put right what is in the brackets: nothing but a changed configuration or key ends it within a day";
    HoldAll "hold.all" "the service refused {count} times within 24 h ({refusal}), so no address is sent, not even with --force; a changed configuration or key ends the hold at once" => "@hold.address";

    // It is sent later.
    WaitHoldDown "wait.hold_down" "the WAN flaps: it changed its address more than three times a minute, so {address} waits" => "nothing: the latest address is sent within 5 min. Why does it flap? `logread -e netifd`";
    WaitDailyLimit "wait.daily_limit" "the daily limit of {limit} sends is used up" => "why does the address change so often? `logread -e wansync`, `logread -e netifd`. Nothing is sent until 24 h have passed since the first of these sends";
    WaitHalfDailyLimit "wait.half_daily_limit" "half of the daily limit of {limit} sends is used up, so that one is sent every {pause_s}" => "why does the address change so often? `logread -e wansync`, `logread -e netifd`. The latest address is sent when its turn comes, or by `wansync once --force`";
    WaitSpread "wait.spread" "this router's part of the {spread_s} after a boot, over which routers spread their first send, is not over (option spread)" => "nothing: it is sent then. For a single router leave out `option spread`; `wansync once --force` does not wait";
    WaitAsked "wait.asked" "the service asked to wait ({cause})" => "nothing, or `wansync once --force`, which waits for no backoff";
    WaitBackoff "wait.backoff" "waiting after a failure ({cause})" => "@wait.asked";

    // What keeps a section from being acted upon.
    SectionWrong "section.wrong" "its configuration is wrong; run 'wansync check'";

    // The configuration's file, and the place of a problem in it.
    ConfigOfFile "config.of_file" "{file}: {cause}";

    ConfigSyntax "config.syntax" "Parse error ({error}) at line {line_number}, byte {byte}" => "a quote is missing at or above that line. `uci show wansync` complains as well";
    ConfigNoSection "config.no_section" "{file} has no skydns or tunnel section '{section}'{hint}";
    ConfigInFile "config.in_file" "{file}, {cause}";
    ConfigInLine "config.in_line" "line {line_number}: {cause}";
    ConfigError "config.error" "line {line_number}: error: {whose}{cause}";
    ConfigWarning "config.warning" "line {line_number}: warning: {whose}{cause}";
    ConfigOfSection "config.of_section" "section '{section}': ";

    // A problem of a section.
    ConfigUnknownType "config.unknown_type" "its type '{name}' is unknown{hint}";
    ConfigLongName "config.long_name" "its name is longer than 200 bytes";
    ConfigSecondMain "config.second_main" "a 'wansync' section stands in line {line_number} already, which counts";
    ConfigReopened "config.reopened" "it was opened in line {line_number} already; the options of both count";
    ConfigSameUser "config.same_user" "section '{section}' in line {line_number} has the same 'ident' and 'hostname': each replaces the address of the other";
    ConfigSameSource "config.same_source" "section '{section}' in line {line_number} has the same source and another 'ident': SkyDNS takes an address from one user when it is sent for another" => "@address.of_rival";
    ConfigSameLink "config.same_link" "section '{section}' in line {line_number} has the same '{option}': what restarts one tunnel restarts the other";
    ConfigSameService "config.same_service" "section '{section}' in line {line_number} has the same 'service' and 'instance': what restarts one tunnel restarts the other";
    ConfigSameTunnel "config.same_tunnel" "section '{section}' in line {line_number} has the same 'name' and 'vpnki': both are about one tunnel";

    // A problem of an option.
    ConfigUnknownOption "config.unknown_option" "option '{option}' is unknown{hint}";
    ConfigMissing "config.missing" "option '{option}' is missing{hint}";
    ConfigMissingForSource "config.missing_for_source" "option '{option}' is missing: source '{source}' needs it";
    ConfigBadValue "config.bad_value" "option '{option}': '{value}' {cause}";
    ConfigPassedOver "config.passed_over" "option '{option}': '{value}' {cause}; it is passed over";
    ConfigBadOption "config.bad_option" "option '{option}' {cause}";
    ConfigList "config.list" "'{option}' is a list, but takes one value";
    ConfigSetAgain "config.set_again" "option '{option}' is set again in line {line_number}, which counts";
    ConfigCutOff "config.cut_off" "option '{option}' ends before the '{character}': quote the value if that is a part of it";
    ConfigUselessWithout "config.useless_without" "option '{option}' does nothing without '{other}'";
    ConfigUselessUnless "config.useless_unless" "option '{option}' does nothing without {other} '{value}'";
    ConfigUselessWith "config.useless_with" "option '{option}' does nothing with {other} '{value}'";
    ConfigTwoKeys "config.two_keys" "both 'key' and 'key_file' are given: keep one";
    ConfigTwoLinks "config.two_links" "option 'device' and, in line {line_number}, 'network': a tunnel has one of them";
    ConfigAccountUnused "config.account_unused" "the account '{name}' {cause}: VPNKI is not asked";

    // Why an option must not be missing.
    NeedIdent "need.ident" ": the login of the SkyDNS user";
    NeedKeyFile "need.key_file" ": the file that holds the key";
    NeedUrl "need.url" ": source 'web' needs one or more (list url 'https://…')";
    NeedTunnelName "need.tunnel_name" ": what VPNKI calls the tunnel";
    NeedTunnelLink "need.tunnel_link" ": the tunnel's network in /etc/config/network, or, where it has none, option 'device'";
    NeedWitness "need.witness" ", and 'ping' as well: one of them must tell whether the tunnel works";
    NeedCommand "need.command" ": on_down 'command' runs it";

    // What is wrong with a value, behind it.
    ValueEmpty "value.empty" "is empty";
    ValueBlanks "value.blanks" "holds blanks only";
    ValueEmptyName "value.empty_name" "holds an empty name";
    ValueLines "value.lines" "holds more than one line, or a control character";
    ValueControl "value.control" "holds a line end or another control character";
    ValueNotUtf8 "value.not_utf8" "is not UTF-8";
    ValueLong "value.long" "is longer than 200 bytes";
    ValueTooLong "value.too_long" "is longer than 1024 bytes";
    ValueNeither "value.neither" "is neither {value} nor {other}";
    ValueNoneOf "value.none_of" "is none of: {names}";
    ValueUnknown "value.unknown" "is unknown{hint}";
    ValueNotInRange "value.not_in_range" "is not a number from {min} to {max}";
    ValueNoProfile "value.no_profile" "is not a number; profiles are given by their id";
    ValueNoDuration "value.no_duration" "is no duration, such as 90s, 5m, 72h or 3d";
    ValueNoSpread "value.no_spread" "is no duration of a day at most, such as 30m";
    ValueTooShort "value.too_short" "is too short: it must be {seconds}s or more";
    ValueRelativePath "value.relative_path" "is not an absolute path";
    ValueNoTextfile "value.no_textfile" "is no absolute path of letters, digits, '.', '_' and '-' that ends in .prom";
    ValueNoAddress "value.no_address" "is not an address";
    ValueNoHost "value.no_host" "is no address of a host";
    ValueOtherFamily "value.other_family" "is not an {family} address, which 'family' asks for";
    ValueOtherTransport "value.other_transport" "is not the family of the address in 'base_url'";
    ValueNoPrefix "value.no_prefix" "is no network, such as 172.16.0.0/16";
    ValuePrefixLength "value.prefix_length" "is no network: its length is wrong";
    ValuePrefixBits "value.prefix_bits" "is an address in a network, not the network: bits are set beyond its length";
    ValueNetworkAsDevice "value.network_as_device" "is no device: it means the network '{network}', which belongs into {other}";
    ValueAddressLabel "value.address_label" "is the label of an address: the device is '{device}'";
    ValueNoDevice "value.no_device" "is no name of a network device";
    ValueNoNetwork "value.no_network" "is no name of a network in /etc/config/network";
    ValueOwnWan "value.own_wan" "is the network that the tunnel runs over (option 'wan')";
    ValueNoSite "value.no_site" "is no name of a site, such as example.com";
    ValueSiteNotAscii "value.site_not_ascii" "is not ASCII: write it as DNS has it, with xn--";
    ValueNoLogin "value.no_login" "is no login of VPNKI{hint}";
    ValueNoAccount "value.no_account" "is no section of type vpnki{hint}";
    ValueAccountDisabled "value.account_disabled" "is disabled";
    ValueAccountWrong "value.account_wrong" "has an error";
    ValueOnlyWitness "value.only_witness" "{cause}, and without 'ping' nothing else tells whether the tunnel works";
    ValueNoRestart "value.no_restart" "has nothing to restart: netifd does not know a 'device'; option 'service' and 'instance' name what runs it, or on_down 'command' runs a program";

    // What is wrong with a URL, behind it.
    UrlNotAscii "url.not_ascii" "holds a blank or a character that is not ASCII (encode it)";
    UrlNoScheme "url.no_scheme" "has no scheme: it must begin with https://";
    UrlOtherScheme "url.other_scheme" "must begin with https://";
    UrlNotHttps "url.not_https" "is not https; http is for a loopback address only";
    UrlFragment "url.fragment" "has a fragment (#…), which no server ever sees";
    UrlCredentials "url.credentials" "has credentials, which would show in logs; use 'key_file'";
    UrlQuery "url.query" "has a query (?…); the parameters are appended to it";
    UrlBracket "url.bracket" "has a '[' without a ']'";
    UrlBehindBracket "url.behind_bracket" "has something behind the address in brackets";
    UrlNoIpv6 "url.no_ipv6" "has brackets around something that is not an IPv6 address";
    UrlPort "url.port" "has a port that is not a number from 1 to 65535";
    UrlNoHost "url.no_host" "has no host";
    UrlBadHost "url.bad_host" "has a host that is no name";

    // What a key or a login picked up when it was pasted.
    PastePrefix "paste.prefix" "begins with '{name}', which is hardly part of it";
    PasteQuote "paste.quote" "begins with {character}, a quotation mark, which is hardly part of it";
    PasteTypographic "paste.typographic" "holds {character}, a typographic quotation mark";
    PasteDash "paste.dash" "holds {character}, a dash that is no '-'";
    PasteDot "paste.dot" "holds {character}, a dot that stands for what is hidden";
    PasteEllipsis "paste.ellipsis" "holds {character}, an ellipsis, which stands for what was cut off";
    PasteLost "paste.lost" "holds {character}, which stands for a character that was lost";
    PasteInvisible "paste.invisible" "holds {character}, which does not show";
    PasteBlank "paste.blank" "holds {character}, an unusual blank";
    PasteFullWidth "paste.full_width" "holds {character}, a full-width form that looks like '{other}'";
    PasteCyrillic "paste.cyrillic" "holds {character}, a Cyrillic letter that looks like '{other}'";
    PasteGreek "paste.greek" "holds {character}, a Greek letter that looks like '{other}'";

    // A file of a key, and who can reach it.
    KeyFile "key.file" "the key file {file} {cause}";
    KeyPasted "key.pasted" "the key in {file}, line {line_number}, {cause}";
    KeyReadableByAll "key.readable_by_all" "every user may read the key in {file}; chmod 600 {file}";
    KeyReadableByGroup "key.readable_by_group" "others of its group may read the key in {file}; chmod 600 {file}";
    KeyWritable "key.writable" "others may change the key in {file}; chmod 600 {file}";
    KeyReplaceable "key.replaceable" "others may put another key in the place of {file}; chmod go-w {folder}";
    KeyOfDaemon "key.of_daemon" "{cause}; move the key to /etc/wansync";
    DaemonMayNot "daemon.may_not" "the daemon runs as the user wansync, who {cause}";
    MayNotEnter "may_not.enter" "may not enter {file}";
    MayNotRead "may_not.read" "may not read {file}";
    ConfigRefused "config.refused" "{cause}; the daemon goes on with the configuration of before";
    ConfigChanged "config.changed" "{file} has changed, and the daemon still uses the configuration of before: reload it";

    // A tunnel.
    TunnelNotLookedAt "tunnel.not_looked_at" "not looked at yet; 'wansync daemon' looks all the time, 'wansync once' once";
    TunnelOldUp "tunnel.old_up" "not looked at for {age_s}: neither the service nor cron runs; before, it was up: {cause}";
    TunnelOldDown "tunnel.old_down" "not looked at for {age_s}: neither the service nor cron runs; before, it was down: {cause}";
    TunnelOldUnknown "tunnel.old_unknown" "not looked at for {age_s}: neither the service nor cron runs; before, it was unknown: {cause}";

    TunnelStatus "tunnel.status" "{network} {state}";
    TunnelWanDown "tunnel.wan_down" "{cause}, so nothing can be said of the tunnel";
    TunnelWanDownThough "tunnel.wan_down_though" "{cause}, so nothing can be said of the tunnel, though {remark}: check 'option wan'";
    TunnelWanMissing "tunnel.wan_missing" "{cause}: check 'option wan'";
    TunnelWanUnknown "tunnel.wan_unknown" "netifd does not say whether the WAN is up: {cause}, so nothing can be said of the tunnel";
    TunnelNoNetwork "tunnel.no_network" "netifd has no network '{network}': check 'option network'";
    TunnelNotUp "tunnel.not_up" "{network} has not come up for {age_s}: it {state}";
    TunnelDeviceMissing "tunnel.device_missing" "the device {device} is missing";
    TunnelDeviceGone "tunnel.device_gone" "the device {device} of {network} is gone";
    TunnelAnswers "tunnel.answers" "{address} answers on {network} in {ms} ms";
    TunnelBytes "tunnel.bytes" "bytes came through {network} {age_s} ago";
    TunnelVouched "tunnel.vouched" "{network} is up and VPNKI lists {tunnel} as active";
    TunnelUnclear "tunnel.unclear" "nothing says whether the tunnel carries traffic: {causes:, }";
    TunnelUnclearWithPing "tunnel.unclear_with_ping" "nothing says whether the tunnel carries traffic";
    TunnelUnclearWithoutPing "tunnel.unclear_without_ping" "nothing says whether the tunnel carries traffic; 'option ping' would";
    TunnelBut "tunnel.but" "{remark}, but {cause}";
    TunnelThough "tunnel.though" "{remark}, though {causes: and }";
    TunnelListedBut "tunnel.listed_but" "VPNKI lists {tunnel} as active, but {cause}";
    TunnelMaybeTaken "tunnel.maybe_taken" "{cause} (is another device connected as {tunnel}?)";
    TunnelAnd "tunnel.and" "{causes: and }";
    TunnelAndRoute "tunnel.and_route" "{causes:, } and {remark}";
    TunnelRemark "tunnel.remark" "{cause}; {remark}";
    TunnelSilent "tunnel.silent" "{address} has not answered for {age_s}" => "does anything? `ping -I vpnki0 172.16.0.1`. If that never answers, take another `ping`, or none";
    TunnelNeverAnswered "tunnel.never_answered" "{address} has never answered" => "@tunnel.silent";
    TunnelNoHandshake "tunnel.no_handshake" "no peer has ever shaken hands";
    TunnelOldHandshake "tunnel.old_handshake" "no peer has shaken hands for {age_s}";
    TunnelUnanswered "tunnel.unanswered" "{kib} KiB were sent through {network} in {age_s} and nothing was received";
    TunnelInactive "tunnel.inactive" "VPNKI lists {tunnel} as inactive";
    TunnelDoubtPing "tunnel.doubt_ping" "{cause} (is 'option ping' right?)";
    TunnelDoubtName "tunnel.doubt_name" "{cause}, as it always has (is 'option name' right?)";
    TunnelNotListed "tunnel.not_listed" "VPNKI has no tunnel '{tunnel}': check 'option name'" => "`option name`: `wansync vpnki tunnels` lists them";
    TunnelAmbiguous "tunnel.ambiguous" "VPNKI's '{tunnel}' may be {names}: 'option name' must be the login of one";
    TunnelVpnkiSilent "tunnel.vpnki_silent" "VPNKI could not be asked: {cause}";
    TunnelPingSilent "tunnel.ping_silent" "{address} could not be asked: {cause}";
    TunnelNetifdSilent "tunnel.netifd_silent" "netifd could not be asked: {cause}";
    TunnelLargeLost "tunnel.large_lost" "echoes with {bytes} bytes of data are lost: is the MTU of {network} too large?";
    TunnelRouteMissing "tunnel.route_missing" "the route {prefix} is missing";
    TunnelRouteElsewhere "tunnel.route_elsewhere" "the route {prefix} leads to {device}, not through {network}";
    TunnelRouteIncomplete "tunnel.route_incomplete" "the route {prefix} is incomplete: {cause}";
    TunnelRouteOverlap "tunnel.route_overlap" "there is another route in {prefix}: {cause}";
    TunnelExistenceUnknown "tunnel.existence_unknown" "it is not active, and whether it exists is not known: {cause}";
    TunnelExistenceNotAsked "tunnel.existence_not_asked" "it is not active, and whether it exists was not asked";

    // The pieces of evidence about a tunnel.
    EvidenceWanUp "evidence.wan_up" "WAN {network} up";
    EvidenceWanUnknown "evidence.wan_unknown" "the WAN cannot be looked at: {cause}";
    EvidenceServiceActive "evidence.service_active" "VPNKI active";
    EvidenceServiceInactive "evidence.service_inactive" "VPNKI not active";
    EvidenceServiceUnlisted "evidence.service_unlisted" "VPNKI has no tunnel {tunnel}";
    EvidenceServiceAmbiguous "evidence.service_ambiguous" "VPNKI's {tunnel} may be {names}";
    EvidenceServiceUnknown "evidence.service_unknown" "VPNKI silent: {cause}";
    EvidenceDeviceUp "evidence.device_up" "{device} up";
    EvidenceDeviceUpOn "evidence.device_up_on" "{network} up on {device}";
    EvidenceDevicePending "evidence.device_pending" "{network} {state}, for {age_s}";
    EvidenceDeviceOff "evidence.device_off" "{network} was taken down on purpose";
    EvidenceDeviceNotStarted "evidence.device_not_started" "{network} is not started at boot";
    EvidenceDeviceGone "evidence.device_gone" "{network} up on {device}, which does not exist";
    EvidenceDeviceUnknown "evidence.device_unknown" "{network} cannot be looked at: {cause}";
    EvidenceRouteOk "evidence.route_ok" "route {prefix} ok";
    EvidenceRouteElsewhere "evidence.route_elsewhere" "route {prefix} goes through {device}";
    EvidenceRouteMissing "evidence.route_missing" "route {prefix} missing";
    EvidenceRoutePartly "evidence.route_partly" "route {prefix} incomplete: {cause}";
    EvidenceRouteOverlapped "evidence.route_overlapped" "route {prefix} ok, but {cause}";
    EvidenceRouteUnknown "evidence.route_unknown" "route {prefix} unknown: {cause}";
    EvidencePingAnswered "evidence.ping_answered" "{address} answered in {ms} ms";
    EvidencePingLost "evidence.ping_lost" "{address} silent for {age_s}";
    EvidencePingUnsent "evidence.ping_unsent" "no echo to {address} could be sent: {cause}";
    EvidenceLargePingAnswered "evidence.large_ping_answered" "echoes with {bytes} bytes of data answered";
    EvidenceLargePingLost "evidence.large_ping_lost" "echoes with {bytes} bytes of data lost";
    EvidenceHandshake "evidence.handshake" "last handshake {age_s} ago";
    EvidenceHandshakeNone "evidence.handshake_none" "no handshake yet";
    EvidenceHandshakeUnknown "evidence.handshake_unknown" "last handshake not known: {cause}";
    EvidenceTraffic "evidence.traffic" "last byte in {age_s} ago";
    EvidenceTrafficUnanswered "evidence.traffic_unanswered" "last byte in {age_s} ago, {bytes} bytes out since";
    EvidenceTrafficNone "evidence.traffic_none" "{bytes} bytes out, none in";

    // What is done about a tunnel, behind what is the matter.
    ActNothingTraffic "act.nothing_traffic" "a restart would cut its traffic, so nothing is done";
    ActNothingTrafficRoute "act.nothing_traffic_route" "a restart would cut its traffic, so nothing is done; 'option fix_route' would restore the route";
    ActNothingNone "act.nothing_none" "on_down is none, so nothing is done";
    ActNothingInVain "act.nothing_in_vain" "netifd does not run what makes its device ('option service' says what does), so nothing is done";
    ActNothingNoCommand "act.nothing_no_command" "there is no command, so nothing is done";
    ActNothingNoLimit "act.nothing_no_limit" "restart_limit is 0, so nothing is done";
    ActAwaitService "act.await_service" "its service has {seconds} s more to bring it back by itself";
    ActLookedAgain "act.looked_again" "looked again a moment ago, next in {seconds} s";
    ActLookAgain "act.look_again" "looking again before anything is done";
    ActAwaitWan "act.await_wan" "waiting for the WAN";
    ActAwaitSettledWan "act.await_settled_wan" "waiting {seconds} s for the WAN to settle";
    ActAwaitAddress "act.await_address" "waiting until the new WAN address is confirmed";
    ActFixRoute "act.fix_route" "restoring the route";
    ActLastResort "act.last_resort" "restarts did not help, running the command";
    ActRestartService "act.restart_service" "restarting its service, {count} of {limit} in an hour";
    ActRestartNetwork "act.restart_network" "restarting its network, {count} of {limit} in an hour";
    ActCommand "act.command" "running the command, {count} of {limit} in an hour";
    ActPause "act.pause" "the last attempt has not helped yet, the next is in {next_s}";
    ActLimitReached "act.limit_reached" "{count} of {limit} attempts were made within an hour, the next may be made in {next_s}";
    ActGivenUpRestarts "act.given_up_restarts" "{count} of {limit} restarts within an hour did not help, the next is in {next_s}";
    ActGivenUpCommands "act.given_up_commands" "{count} of {limit} commands within an hour did not help, the next is in {next_s}";
    ActSeenUp "act.seen_up" "seen up {count} of {limit} times";
    ActSeenDown "act.seen_down" "seen down {count} of {limit} times";
    ActSeenUnknown "act.seen_unknown" "seen unknown {count} of {limit} times";

    // An echo, a handshake or a route that could not be asked for.
    EchoOwnAddress "echo.own_address" "'option ping' is an address of this router";
    EchoUnbound "echo.unbound" "an echo cannot be bound to device {device}: {cause}";
    EchoNotSent "echo.not_sent" "no echo can be sent: {error}";
    EchoNoPermission "echo.no_permission" "no echo may be sent: that needs root (CAP_NET_RAW), or a group of this process in net.ipv4.ping_group_range";
    EchoFailed "echo.failed" "no echo can be sent to {address} through {device}: {cause}";
    EchoDeviceGone "echo.device_gone" "the device is gone";
    EchoForbidden "echo.forbidden" "a firewall rule of this router forbids it";
    EchoNoDeviceSaid "echo.no_device_said" "netifd does not say through which device";
    EchoNoDevice "echo.no_device" "the device is missing";
    EchoNetworkNotUp "echo.network_not_up" "the network is not up";
    HandshakeClockSet "handshake.clock_set" "the clock was set since the last handshake";
    HandshakeNotOfKernel "handshake.not_of_kernel" "{device} is no WireGuard device of the kernel";
    HandshakeCapability "handshake.capability" "that needs CAP_NET_ADMIN";
    RoutePartVia "route.part_via" "{prefix} via {device}";
    RoutePartMissing "route.part_missing" "{prefix} missing";
    RoutePartBlocked "route.part_blocked" "{prefix} blocked";
    RouteUndecided "route.undecided" "rule {number} of 'ip rule' decides, by more than the destination";
    RouteNotListed "route.not_listed" "the kernel does not say which routes there are: {error}";

    // Why a call over ubus is not answered.
    RpcUnknownMethod "rpc.unknown_method" "there is no method '{name}'";
    RpcTooLong "rpc.too_long" "the arguments are longer than {max} bytes";
    RpcNotJson "rpc.not_json" "the arguments are no JSON: {cause}";
    RpcNoObject "rpc.no_object" "the arguments are no object";
    RpcNoText "rpc.no_text" "the argument '{name}' is no text";
    RpcNoArgument "rpc.no_argument" "the argument '{name}' is missing";
    RpcNoDuration "rpc.no_duration" "the argument '{name}' is no duration, such as 90, 5m, 72h or 3d";
    RpcLongConfig "rpc.long_config" "the configuration is longer than {max} bytes";
    RpcLongReply "rpc.long_reply" "the reply is longer than {max} bytes";
    RpcNoReply "rpc.no_reply" "there is no reply, exit code {status}: the log says why";
    RpcNoSection "rpc.no_section" "there is no section '{section}' that this is for, or it is disabled or wrong";
    RpcDisabled "rpc.disabled" "wansync is disabled (option enabled '0')";
    RpcBusy "rpc.busy" "another process is at work on the tunnels; try again in a moment";
    RpcNotStarted "rpc.not_started" "no process can be started in the background: {error}";

    // What a check finds.
    CheckClock "check.clock" "the clock says {date}";
    CheckClockNotSet "check.clock_not_set" "the clock is not set, it says {date}: wait for NTP, or look at its servers" => "@pass.clock_not_set";
    CheckCaBundle "check.ca_bundle" "{cause}; on OpenWrt it comes with the package ca-bundle";
    CheckCaFile "check.ca_file" "{file} holds {count} certificates";
    CheckCaFileSomeOld "check.ca_file_some_old" "{file} holds {count} certificates, {number} of them out of date";
    CheckCaFileAllOld "check.ca_file_all_old" "{file} holds {count} certificates, all of them out of date" => "the clock is wrong, or `ca_file` holds one certificate of your own, which has expired";
    CheckCaFileKey "check.ca_file_key" "{file} holds a private key: none is needed there, and others may read it" => "take the key out of `ca_file`: only certificates belong there";
    CheckCaFileClosed "check.ca_file_closed" "the CA file {file}: {cause}";
    CheckUserKnown "check.user_known" "{host} knows the key and the user {ident}";
    CheckNoProfile "check.no_profile" "the user has no profile {profile}, but: {names}";
    CheckStateUnwritable "check.state_unwritable" "cannot write in {file}: {cause}; without it nothing is sent" => "@file.cannot_write";
    CheckRecordUnwritable "check.record_unwritable" "cannot write in {file}: {cause}; a reboot forgets what is confirmed or refused, and it is sent again" => "@file.cannot_write";
    CheckFolderOpen "check.folder_open" "others may write in {file}; chmod go-w {file}" => "do what it says";
    CheckProgram "check.program" "option '{option}': the program {program} {cause}";
    CheckDisabled "check.disabled" "{file}: wansync is disabled (option enabled '0')" => "`uci set wansync.main.enabled=1; uci commit wansync; /etc/init.d/wansync reload`";
    CheckNoSection "check.no_section" "{file}: no skydns section is in use" => "`uci set wansync.home.enabled=1; uci commit wansync; /etc/init.d/wansync reload`";
    CheckConfiguration "check.configuration" "{file}: {counts:; }";
    CheckSkydnsSections "check.skydns_sections" "{count} skydns sections, {ready} in use, {disabled} disabled";
    CheckTunnelSections "check.tunnel_sections" "{count} tunnel sections, {ready} in use, {disabled} disabled";
    CheckMends "check.mends" "these commands send them there:";
    CheckCommand "check.command" "{command}";
    CheckResolverNotAsked "check.resolver_not_asked" "its resolver is not asked: others took too long";
    CheckHalfName "check.half_name" "{host}: {cause}; {family} is used" => "nothing need be done: the name server fails one half of the question, and is passed over for that. Another one (`list server` of dnsmasq) would not";
    CheckAddress "check.address" "the WAN address is {address}";
    CheckOtherDevice "check.other_device" "{address} is on device {device}: option device '{device}'";
    CheckAccountKnown "check.account_known" "{host} knows the key, and {count} tunnels by name";
    CheckSeveralTunnels "check.several_tunnels" "VPNKI lists several tunnels '{tunnel}': {names}; 'option name' must be the login of one";
    CheckTakenFor "check.taken_for" "'{tunnel}' is taken for VPNKI's '{meant}' (did you mean that?)";
    CheckListedActive "check.listed_active" "VPNKI lists '{tunnel}'{hint}, and it is active";
    CheckListedInactive "check.listed_inactive" "VPNKI lists '{tunnel}'{hint}, but it is not active";
    CheckListedAs "check.listed_as" " as {names}";
    CheckNoTunnelAtAll "check.no_tunnel_at_all" "VPNKI lists no tunnel '{tunnel}', nor any by name; 'wansync vpnki tunnels' shows what it lists, and option 'name_field' says where the name stands";
    CheckNoTunnel "check.no_tunnel" "VPNKI lists no tunnel '{tunnel}'{hint}, but: {names}{more}" => "@tunnel.not_listed";
    CheckDidYouMean "check.did_you_mean" " (did you mean '{meant}'?)";
    CheckAndMore "check.and_more" " and {count} more";
    CheckLargeLost "check.large_lost" "{address} answers through {device}, but echoes with {bytes} bytes of data are lost";
    CheckAnswers "check.answers" "{address} answers through {device}";
    CheckNoAnswer "check.no_answer" "{address} does not answer through {device}: the tunnel is dead, or that address answers no echoes" => "@tunnel.silent";
    CheckHandshake "check.handshake" "the last handshake on {device} was {age_s} ago";
    CheckNoHandshake "check.no_handshake" "no peer has shaken hands on {device} yet";
    CheckHandshakeUnknown "check.handshake_unknown" "the last handshake on {device} is not known: {cause}";
    CheckWanIsDevice "check.wan_is_device" "{device} is the device of network '{network}', which it runs over";
    CheckWanUp "check.wan_up" "network '{network}', which it runs over, is up on {device}";
    CheckWanUpWithoutDevice "check.wan_up_without_device" "network '{network}', which it runs over, is up on no device";
    CheckNetworkUp "check.network_up" "its network '{network}' is up on {device}";
    CheckDeviceThere "check.device_there" "its device '{device}' is there";
    CheckDeviceMissing "check.device_missing" "its device '{device}' is missing";
    CheckNetworkNotUp "check.network_not_up" "its network '{network}' {state}";
    CheckDeviceNoNetwork "check.device_no_network" "netifd knows no network '{network}' (that is a device, not a network)";
    CheckNotMigrated "check.not_migrated" "'{name}' of /etc/config/openvpn is run by nobody: the migration to netifd's protocol 'openvpn' passes over a section with the name of a network; give one of them another name";
    CheckRestartInVain "check.restart_in_vain" "on_down 'restart' cannot bring '{network}' back: netifd does not run what makes the device of a network of proto '{proto}'; option service 'openvpn' with option instance 'NAME' would, or on_down 'command'" => "netifd does not run that client: the README's table of clients has the lines that do";
    CheckService "check.service" "{service}: {cause}";
    CheckNoService "check.no_service" "procd runs no service '{service}'{hint}";
    CheckNoInstances "check.no_instances" "service '{service}' has no instances: is '{instance}' enabled?";
    CheckNoInstance "check.no_instance" "service '{service}' has no instance '{instance}'{hint}; option 'instance' must be one of: {names}";
    CheckRespawnLimit "check.respawn_limit" "procd no longer starts {service} again once it has ended more than {limit} times soon after its start, by a restart, too: 'respawn 3600 5 0' in its script is without end";
    CheckServiceRuns "check.service_runs" "{service} runs, and procd starts it again when it ends";
    CheckNoRespawn "check.no_respawn" "{service} has no respawn: procd would not start it again after a restart";
    CheckServiceStarts "check.service_starts" "{service} does not run; procd is about to start it again";
    CheckServiceEnded "check.service_ended" "{service} does not run, and procd does not start it again: it has no respawn, or ended too often; '/etc/init.d/{program} restart' starts it";
    CheckRoute "check.route" "packets to {prefix} go through {device}";
    CheckRouteElsewhere "check.route_elsewhere" "packets to {prefix} go through {other} instead of {device}";
    CheckRouteMissing "check.route_missing" "there is no route to {prefix}; it should go through {device}";
    CheckRoutePartly "check.route_partly" "not all packets to {prefix} go through {device}: {cause}";
    CheckRouteOverlapped "check.route_overlapped" "packets to {prefix} go through {device}, but for {cause}";
    CheckRouteUnknown "check.route_unknown" "whether packets to {prefix} go through {device} is not known: {cause}";

    // Where the household's DNS questions go.
    FilteringLimits "filtering.limits" "not to be seen from here: DNS over HTTPS in a browser or an app, a resolver set on a device";
    FilteringAll "filtering.all" "all DNS questions go to {service}{places}{causes}";
    FilteringSome "filtering.some" "not all DNS questions go to {service}{places}{causes}" => "the commands of `wansync check`. dnsmasq takes the first answer that comes, so one other resolver is enough to let unfiltered answers in";
    FilteringNone "filtering.none" "no DNS question goes to {service}{places}{causes}" => "the commands that stand below it";
    FilteringLocal "filtering.local" "a local program, which wansync cannot see into, decides whether DNS questions go to {service}{places}{causes}" => "what that program asks: for `https-dns-proxy`, `uci show https-dns-proxy`; SkyDNS is `https://doh.skydns.ru/dns-query` there";
    FilteringUnknown "filtering.unknown" "it cannot be told whether DNS questions go to {service}{places}{causes}";
    FilteringCauses "filtering.causes" ": {causes:; }";
    FilteringAsks "filtering.asks" "dnsmasq asks {resolver}{origin}";
    FilteringInstanceAsks "filtering.instance_asks" "dnsmasq '{instance}' asks {resolver}{origin}";
    FilteringOfServer "filtering.of_server" " (list server)";
    FilteringOfServerFor "filtering.of_server_for" " for {names} (list server)";
    FilteringGiven "filtering.given" ", which network '{network}' was given by its provider";
    FilteringSetIn "filtering.set_in" " (list dns of network '{network}')";
    FilteringOfFile "filtering.of_file" " ({file})";
    FilteringAsksProgram "filtering.asks_program" "dnsmasq asks {program} at {resolver}#{port}{domains}" => "@filtering.local";
    FilteringAsksAProgram "filtering.asks_a_program" "dnsmasq asks a program at {resolver}#{port}{hint}{domains}" => "@filtering.local";
    FilteringUsually "filtering.usually" " (usually {program})";
    FilteringFor "filtering.for" " for {names}";
    FilteringProgramAnswers "filtering.program_answers" "not dnsmasq but {program} answers on port 53";
    FilteringOtherAnswers "filtering.other_answers" "not dnsmasq but another program answers on port 53";
    FilteringTold "filtering.told" "clients are told to ask {resolver} ({option} of '{section}')" => "the commands below it; devices take the new resolver when they join again";
    FilteringRelayed "filtering.relayed" "clients are told the provider's IPv6 resolvers ('{section}' is a relay)" => "the commands below it: the router announces itself. Where the provider delegates no prefix, the LAN has no IPv6 then";
    FilteringMore "filtering.more" "and {count} more";
    FilteringNotOpenwrt "filtering.not_openwrt" "there is no /etc/config/dhcp, so this is not OpenWrt";
    FilteringBadFile "filtering.bad_file" "/etc/config/dhcp: {cause}" => "that line is wrong; `uci show dhcp` complains as well";
    FilteringServiceUnknown "filtering.service_unknown" "the resolvers behind {host} are not known; 'list resolver' names them" => "`list resolver '193.58.251.251'` in the section, or whatever the provider of the relay says";
    FilteringNoResolver "filtering.no_resolver" "dnsmasq has no resolver to ask; is the WAN up?" => "`ifstatus wan`";
    FilteringNoneNamed "filtering.none_named" "dnsmasq has no resolver to ask: {file} names none" => "`noresolv` needs a `server` beside it: the commands of `wansync check`";
    FilteringNobodyAnswers "filtering.nobody_answers" "dnsmasq does not answer on port 53, nor does another program" => "`uci show dhcp.@dnsmasq[0].port`; `/etc/init.d/dnsmasq restart`";

    // What the service's resolver answers.
    ProfileSilent "profile.silent" "{whose}does not answer DNS questions: {error}" => "`nslookup www.skydns.ru 193.58.251.251`. If other resolvers answer, the provider does not let this one through: ask it, or take DNS over HTTPS";
    ProfileResolver "profile.resolver" "{address} ";
    ProfileAnswers "profile.answers" "{whose}answers for {name}: {what}";
    ProfileInForce "profile.in_force" "{whose}answers for {name}: {what}, which is its block page: this household's profile is in force";
    ProfileNotInForce "profile.not_in_force" "{whose}answers for {name}: {what}, which is not its block page: the profile is not in force. Either this address is not bound to it yet, or it does not block that name, or another resolver on the way answers in its place" => "is the address confirmed (`wansync status`)? Is it bound to that profile (`option profile`), and does the profile block `test_name`? If all of it is so, somebody on the way answers for SkyDNS, most often the provider";
    ProfileAddresses "profile.addresses" "{places:, }";
    ProfileNoAddress "profile.no_address" "no address";
    ProfileServfail "profile.servfail" "SERVFAIL{places:, }";
    ProfileNoName "profile.no_name" "no such name (NXDOMAIN){places:, }";
    ProfileRefused "profile.refused" "REFUSED{places:, }";
    ProfileError "profile.error" "error {number}{places:, }";

    // A change that is made up, to try out a program.
    NotifyTest "notify.test" "this is a test by 'wansync notify': nothing has changed";

    // How a send went, or goes.
    SendUnchanged "send.unchanged" "{address} is what the service confirmed";
    SendDryRun "send.dry_run" "{address} would be sent";
    SendConfirmed "send.confirmed" "{address} is confirmed";
    SendConfirmedAgain "send.confirmed_again" "{address} is confirmed again";
    SendConfirmedAfter "send.confirmed_after" "{address} is confirmed; before it was {before}";
    SendUnderWay "send.under_way" "{address} is being sent";
    SendInterrupted "send.interrupted" "the process ended while {address} was being sent";

    // A request that failed.
    FailureAt "failure.at" "{host}: {cause}";
    FailureBind "failure.bind" "the connection could not be bound to device {device}: {cause}";
    FailureName "failure.name" "name resolution of {host} failed: {causes:; }" => "`nslookup www.skydns.ru`; is the WAN up, is dnsmasq? It is tried again every minute";
    FailureConnect "failure.connect" "no connection to {host}: {cause}" => "what became of each address is behind it. `Connection refused`, `No route to host`: is the WAN up, does a firewall forbid port 443?";
    FailureUnreached "failure.unreached" "no connection to {host}: {attempts:; }" => "@failure.connect";
    FailureUnreachedThrough "failure.unreached_through" "no connection to {host} through {device}: {attempts:; }" => "@failure.connect";
    FailureTls "failure.tls" "TLS with {host} failed: {causes:; }";
    FailureTimeoutConnect "failure.timeout_connect" "the connection of {host} took longer than {seconds} s{places}" => "the addresses in brackets swallow what is sent. If they are all of IPv6, `option transport 'ipv4'`; if only large packets are lost, `option mtu_fix '1'` of the firewall's zone";
    FailureTimeoutHandshake "failure.timeout_handshake" "the TLS handshake of {host} took longer than {seconds} s{places}" => "@failure.timeout_connect";
    FailureTimeoutReply "failure.timeout_reply" "the reply of {host} took longer than {seconds} s{places}" => "@failure.timeout_connect";
    FailurePlaces "failure.places" " ({places:, })";
    FailureBroken "failure.broken" "the connection to {host} broke: {cause}";
    FailureRedirect "failure.redirect" "redirected to {url}, which is not followed: two redirects at most, and only within the same server, so that the key stays there" => "a portal that wants a login, or a filter; or the service has moved: is `option base_url` right?";
    FailureTooLarge "failure.too_large" "the reply is larger than {bytes} bytes";
    FailureStatus "failure.status" "HTTP status {status}" => "SkyDNS has a problem of its own. Nothing need be done: it is sent again, by itself, within 15 s at first and 30 min at most";
    FailureStatusOfServer "failure.status_of_server" "HTTP status {status} of a web server, not of the service itself" => "SkyDNS's site is being worked on; this says nothing about the key. Nothing need be done: it is sent again after 5 min at first. If it stays so, is `option base_url` right?";
    FailureStatusSays "failure.status_says" "HTTP status {status}: {message}";
    FailureDoubtful "failure.doubtful" "the reply confirms nothing: {cause}" => "what came says \"ok\", but not as the service says it: something on the way changes replies. Nothing need be done: it is sent again";
    FailureNotJson "failure.not_json" "the reply is not JSON but {what}" => "@failure.status";
    FailureRefused "failure.refused" "the service says: {message}";
    FailureRefusedAt "failure.refused_at" "{host} says: {message}";
    FailureUnknown "failure.unknown" "the reply is not understood: {what}";

    // What came instead of a reply.
    BodyEmpty "body.empty" "an empty body";
    BodyDirty "body.dirty" "something with JSON behind it, such as a warning of PHP";
    BodyHtml "body.html" "an HTML page";
    BodyGzip "body.gzip" "compressed (gzip), which was not asked for";
    BodyOther "body.other" "other text";
    BodyNotOk "body.not_ok" "status '{message}', not 'ok'";
    BodyNoStatus "body.no_status" "JSON without response.status";
    BodyNothingElse "body.nothing_else" "'{message}' and nothing else";
    BodyInsteadOfOk "body.instead_of_ok" "'{message}' instead of OK";
    BodyWithoutOk "body.without_ok" "no OK in it";
    BodyNoOvpn "body.no_ovpn" "a success without ovpn";
    BodyNoCredentials "body.no_credentials" "a success without login and password";
    BodyTooManyEnvelopes "body.too_many_envelopes" "more than {max} envelopes inside each other";
    BodyTextNoList "body.text_no_list" "text instead of a list";
    BodyNoList "body.no_list" "{message} instead of a list";
    BodyNoTunnels "body.no_tunnels" "an empty list of tunnels";
    BodyNoTunnelFields "body.no_tunnel_fields" "nothing in it looks like a tunnel; options 'name_field' and 'address_field' tell what its fields are called";
    JsonCutOff "json.cut_off" "cut off";
    JsonTooDeep "json.too_deep" "nested more than {max} deep";
    JsonDamaged "json.damaged" "damaged (at byte {byte})";

    // What broke a connection.
    BrokenEarly "broken.early" "closed before the reply was complete";
    BrokenUnexpected "broken.unexpected" "unexpected error";
    BrokenHeader "broken.header" "the header of the reply is too large";
    BrokenChunk "broken.chunk" "what came is not HTTP (a chunk without an end)";
    BrokenNotHttp "broken.not_http" "what came is not HTTP ({error})";
    ConnectInvalidAddress "connect.invalid_address" "its address is not a valid one";
    ConnectBadAddress "connect.bad_address" "its address is not valid";
    ConnectHttp "connect.http" "http is for this router itself, use https";
    ConnectTooLong "connect.too_long" "the request is too long";
    ConnectPlainHttp "connect.plain_http" "http may not leave this router";
    ConnectNotTried "connect.not_tried" "not tried, after {cause} for another section";
    DeviceNoName "device.no_name" "it is not a device name";

    // An account at VPNKI.
    VpnkiInterrupted "vpnki.interrupted" "the process that asked VPNKI ended before the answer came";

    // Why a reply that says "ok" confirms nothing.
    ReplyStatus "reply.status" "its HTTP status is {status}, not 200";
    ReplyLater "reply.later" "its HTTP status is {status} (accepted for later), not 200";
    ReplyChanged "reply.changed" "its HTTP status is {status} (changed on its way), not 200";
    ReplyEmpty "reply.empty" "its HTTP status is {status} (no content), not 200";
    ReplyPart "reply.part" "its HTTP status is {status} (a part of it), not 200";
    ReplyCoded "reply.coded" "its body is coded as '{coding}', which was not asked for";
    ReplyRepeated "reply.repeated" "it gives '{member}' more than once";
    ReplyContradicted "reply.contradicted" "it says ok and an error at once: {message}";

    // The addresses of a service, and its name.
    AttemptFailed "attempt.failed" "{address}: {cause}";
    AttemptNoAnswer "attempt.no_answer" "no answer";
    AttemptStalled "attempt.stalled" "the TLS handshake stands still";
    AttemptAddress "attempt.address" "{address}";
    AttemptMore "attempt.more" "and {count} more addresses";
    AttemptThrough "attempt.through" "through {device}";
    AttemptNoHost "attempt.no_host" "{address} is no host: does a filter block the name?" => "an ad blocker's or a filter's list blocks half of the name, that of IPv4 or that of IPv6, and what the other half leads to was tried in vain: `grep -r skydns /tmp/dnsmasq.d /etc/hosts`, and let it pass";
    AttemptOwnHost "attempt.own_host" "{address} is this router itself: does a filter block the name?" => "@attempt.no_host";
    NameNoFamily "name.no_family" "no {family} address: {cause}";
    NameNone "name.none" "it has no address";
    NameNoneOfFamily "name.none_of_family" "it has no {family} address";
    NameHasNone "name.has_none" "it has none";
    NameUnknown "name.unknown" "the name does not exist";
    NameNoAnswer "name.no_answer" "no name server gives an answer";
    NameRefused "name.refused" "the name server refuses to answer";
    NameLate "name.late" "no name server gave an answer within {seconds} s";
    NameFiltered "name.filtered" "a filter on this router or its DNS blocks the name: it answers {address}" => "an ad blocker's or a filter's list holds the service's name: `grep -r skydns /tmp/dnsmasq.d /etc/hosts`, and let it pass";

    NameFailed "name.failed" "it failed";
    NameOutOfMemory "name.out_of_memory" "out of memory";
    NameError "name.error" "error {number} of the resolver";

    // TLS.
    TlsClockNotSet "tls.clock_not_set" "the router's clock is not set" => "@pass.clock_not_set";
    TlsNoRandomNumbers "tls.no_random_numbers" "the kernel has no random numbers yet, as may be for a while after boot";
    TlsCaFile "tls.ca_file" "the CA file {file} cannot be used: {cause}" => "install `ca-bundle` again";
    TlsNotTls "tls.not_tls" "what came is not TLS";
    TlsDamaged "tls.damaged" "it sent a TLS message that is damaged";
    TlsDamagedPart "tls.damaged_part" "it sent a TLS message that is damaged ({name})";
    TlsOutOfTurn "tls.out_of_turn" "it sent a TLS message out of turn";
    TlsTooMuch "tls.too_much" "it sent more at once than TLS allows";
    TlsNoCertificate "tls.no_certificate" "it has no certificate";
    TlsNotDecrypted "tls.not_decrypted" "what came cannot be decrypted";
    TlsVersion "tls.version" "it offers neither TLS 1.2 nor 1.3";
    TlsInsecure "tls.insecure" "it offers no TLS that is secure";
    TlsRules "tls.rules" "it breaks the rules of TLS";
    TlsRandomNumbers "tls.random_numbers" "the kernel gave no random numbers";
    TlsUnexpected "tls.unexpected" "an unexpected error of TLS";
    TlsNoSuchName "tls.no_such_name" "no certificate can be for this name";
    TlsClosed "tls.closed" "it closed the connection";
    TlsAlert "tls.alert" "it refused to go on (alert {alert})";
    TlsAlertNothingInCommon "tls.alert_nothing_in_common" "it refused to go on (alert {alert}): it has no version, cipher, curve or kind of certificate in common with wansync" => "the server allows too little. It needs TLS 1.2 or 1.3; X25519, P-256 or P-384; AES-GCM or ChaCha20-Poly1305; a certificate with RSA, P-256 or P-384";
    TlsAlertWantsCertificate "tls.alert_wants_certificate" "it refused to go on (alert {alert}): it wants a certificate of this router, and wansync has none" => "the server asks routers for certificates: its owner has to let this one in without";
    TlsAlertVersion "tls.alert_version" "it refused to go on (alert {alert}): it speaks neither TLS 1.2 nor 1.3";
    TlsAlertName "tls.alert_name" "it refused to go on (alert {alert}): it does not know this name";
    TlsAlertFault "tls.alert_fault" "it refused to go on (alert {alert}): it has a fault of its own";

    // A file that cannot be used.
    FileEmpty "file.no_certificate" "it holds no certificate" => "@tls.ca_file";
    FileDer "file.der" "it is not PEM but DER, which 'openssl x509 -inform der' converts";
    FileKeyOnly "file.key_only" "it holds a private key, and no certificate";
    FileDirectory "file.directory" "it is a directory";
    FileNotAFile "file.not_a_file" "it is not a file";
    FileUnusable "file.unusable" "{file} {cause}";
    FileMissing "file.missing" "does not exist";
    FileClosed "file.closed" "may not be read by this user";
    FileUnreadable "file.unreadable" "cannot be read: {error}";
    FileIsDirectory "file.is_directory" "is a directory";
    FileIsIrregular "file.is_irregular" "is not a regular file";
    FileOfKernel "file.of_kernel" "is a file of the kernel's";
    FileLarge "file.large" "is larger than {bytes} bytes";
    FileNotExecutable "file.not_executable" "is not executable; chmod +x it";
    FileTooLarge "file.too_large" "it is larger than {max} MiB";
    FileChanged "file.changed" "it {cause}";
    FileDamaged "file.damaged" "{file} is damaged: {cause}";
    FileOtherJson "file.other_json" "it is JSON, but not what was written";
    FileCannotWrite "file.cannot_write" "cannot write {file}: {cause}" => "@pass.cannot_remember";
    FileLink "file.link" "{file} is a symbolic link; remove it" => "it is not wansync's: who put it there? Remove it, and the next pass goes on";
    FileOtherKind "file.other_kind" "{file} is not a regular file; remove it" => "@file.link";
    FileNoSocket "file.no_socket" "{file} is not a socket; remove it";
    FileHardLink "file.hard_link" "{file} has a second name elsewhere (a hard link); remove it" => "@file.link";
    FileOfOther "file.of_other" "{file} belongs to another user; remove it" => "@file.link";
    FileInTheWay "file.in_the_way" "{file} is in the way; remove it" => "@file.link";
    FolderClosed "folder.closed" "this user may not look into {file}; root may";
    FolderLink "folder.link" "{file} is a symbolic link of another user's; remove it" => "@file.link";
    FolderNoFolder "folder.no_folder" "{file} is not a folder; remove it" => "@file.link";
    FolderOfOther "folder.of_other" "{file} is a folder of another user's; remove it" => "@file.link";

    // A certificate that is not accepted.
    CertUntrusted "cert.untrusted" "its certificate is not trusted by {file}: {cause}" => "somebody is in between (a portal that wants a login, a filter), or the CA file is old: upgrade `ca-bundle`";
    CertSelfSigned "cert.self_signed" "it is self-signed, as '{name}', and is not itself in the file" => "a server of your own, a relay: that very certificate (PEM) in `option ca_file` is trusted as it is, whatever name it has, until it expires";
    CertReplaced "cert.replaced" "it is self-signed, as '{name}', and the file has another certificate of that name" => "@cert.self_signed";
    CertNoIssuer "cert.no_issuer" "its issuer '{name}' is not in the file, and the server sends no certificate of it: an intermediate certificate is missing, or the file lacks this CA" => "who is that issuer? If it is none of the server's, somebody is in between. Else the server's owner has to add the intermediate certificate; or `option ca_file` is a file of yours, with that CA's certificate (PEM) after those of `ca-bundle`";
    CertNoRoot "cert.no_root" "its chain ends at '{name}', which is not in the file, and the server sends no certificate of it: the file lacks this CA, or an intermediate certificate is missing" => "@cert.no_issuer";
    CertUnknownRoot "cert.unknown_root" "its chain ends at '{name}', which is not in the file" => "@cert.no_issuer";
    CertOtherKey "cert.other_key" "its issuer '{name}' has another key in the file";
    CertOtherName "cert.other_name" "its certificate is for another name: {names}" => "the host in `option base_url` is one of these names, or somebody is in between";
    CertCommonName "cert.common_name" "its certificate names no host in subjectAltName, only a common name: {name}" => "a certificate of another age: the server's owner makes one with `subjectAltName`; or, if it is your own, pin it in `option ca_file`";
    CertNoName "cert.no_name" "its certificate names no host in subjectAltName, nor anywhere else" => "@cert.common_name";
    CertOwn "cert.own" "its certificate";
    CertOfIssuer "cert.of_issuer" "the certificate of its issuer '{name}'";
    CertExpired "cert.expired" "{whose} has expired on {until}, or this clock, which says {date}, is wrong" => "`date`. If that is wrong: `/etc/init.d/sysntpd restart`. If not, the server's owner has to renew the certificate";
    CertNotYetValid "cert.not_yet_valid" "{whose} is not valid yet: is the router's clock right? It says {date}, the certificate begins on {from}" => "@cert.expired";
    CertKeyShort "cert.key_short" "{whose} has a key that is too short (RSA of {bits} bits, {min} to {max} are accepted)" => "the server's owner makes a new one: RSA of 2048 to 8192 bits, P-256 or P-384, signed with SHA-256 or more";
    CertKeyLong "cert.key_long" "{whose} has a key that is too long (RSA of {bits} bits, {min} to {max} are accepted)" => "@cert.key_short";
    CertNotItsKey "cert.not_its_key" "its certificate is not its own: it has not the key that belongs to it";
    CertSignedBy "cert.signed_by" "its certificate cannot be used (it is signed with {algorithm}, which is not supported)" => "@cert.key_short";
    CertSignedUnsafely "cert.signed_unsafely" "its certificate cannot be used (it is signed with {algorithm}, which is not safe)" => "@cert.key_short";
    CertSignedByEdwards "cert.signed_by_edwards" "its certificate cannot be used (it is signed with Ed25519 or Ed448, which is not supported)" => "@cert.key_short";
    CertSignedByEcdsaSha512 "cert.signed_by_ecdsa_sha512" "its certificate cannot be used (it is signed with ECDSA and SHA-512, which is not supported)" => "@cert.key_short";
    CertSignedByCurve "cert.signed_by_curve" "its certificate cannot be used (it is signed by a key on a curve other than P-256 and P-384)" => "@cert.key_short";
    CertSignedInOtherWay "cert.signed_in_other_way" "its certificate cannot be used (it is signed in a way that is not supported)" => "@cert.key_short";
    CertDamaged "cert.damaged" "its certificate cannot be used (it is damaged)";
    CertVersion "cert.version" "its certificate cannot be used (it is not of X.509 version 3)";
    CertCriticalExtension "cert.critical_extension" "its certificate cannot be used (it has a critical extension that is unknown)";
    CertReversedDates "cert.reversed_dates" "its certificate cannot be used (it ends before it begins)";
    CertNotForServers "cert.not_for_servers" "its certificate cannot be used (it is not for servers)";
    CertOfCa "cert.of_ca" "its certificate cannot be used (it is the one of a CA)";
    CertIssuerNotCa "cert.issuer_not_ca" "its certificate cannot be used (it was signed by one that may not sign)";
    CertNameConstraint "cert.name_constraint" "its certificate cannot be used (its CA may not sign for this name)";
    CertPathLength "cert.path_length" "its certificate cannot be used (there are more between it and its CA than that allows)";
    CertChainTooLong "cert.chain_too_long" "its certificate cannot be used (its chain is too long)";
    CertRevoked "cert.revoked" "its certificate cannot be used (it is revoked)";
}

/// The kind of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IP address, or a range of them.
    Address,
    /// A day, `2026-11-01`.
    Date,
    /// What something is called: a network, a file, a host, an option's value.
    Name,
    /// A number.
    Number,
    /// Reasons.
    Reasons,
    /// A span of time.
    Span,
    /// Words that are not this program's.
    Words,
}

/// The kind of each argument, by its name: what one is called is the same everywhere.
pub const KINDS: &[(&str, Kind)] = &[
    ("address", Kind::Address),
    ("age_s", Kind::Span),
    ("alert", Kind::Name),
    ("algorithm", Kind::Name),
    ("attempts", Kind::Reasons),
    ("before", Kind::Address),
    ("bits", Kind::Number),
    ("byte", Kind::Number),
    ("bytes", Kind::Number),
    ("call", Kind::Name),
    ("cause", Kind::Reasons),
    ("causes", Kind::Reasons),
    ("character", Kind::Name),
    ("codes", Kind::Name),
    ("coding", Kind::Name),
    ("command", Kind::Name),
    ("count", Kind::Number),
    ("counts", Kind::Reasons),
    ("date", Kind::Date),
    ("device", Kind::Name),
    ("disabled", Kind::Number),
    ("domains", Kind::Reasons),
    ("error", Kind::Words),
    ("errors", Kind::Reasons),
    ("exit", Kind::Name),
    ("family", Kind::Name),
    ("file", Kind::Name),
    ("folder", Kind::Name),
    ("from", Kind::Date),
    ("hint", Kind::Reasons),
    ("host", Kind::Name),
    ("ident", Kind::Name),
    ("inside", Kind::Address),
    ("instance", Kind::Name),
    ("kib", Kind::Number),
    ("lan", Kind::Name),
    ("limit", Kind::Number),
    ("line", Kind::Words),
    ("line_number", Kind::Number),
    ("max", Kind::Number),
    ("meant", Kind::Name),
    ("member", Kind::Name),
    ("message", Kind::Words),
    ("min", Kind::Number),
    ("more", Kind::Reasons),
    ("ms", Kind::Number),
    ("name", Kind::Name),
    ("names", Kind::Name),
    ("network", Kind::Name),
    ("next_s", Kind::Span),
    ("number", Kind::Number),
    ("object", Kind::Name),
    ("option", Kind::Name),
    ("origin", Kind::Reasons),
    ("other", Kind::Name),
    ("pages", Kind::Reasons),
    ("pause_s", Kind::Span),
    ("places", Kind::Reasons),
    ("port", Kind::Number),
    ("prefix", Kind::Address),
    ("profile", Kind::Name),
    ("program", Kind::Name),
    ("proto", Kind::Name),
    ("ready", Kind::Number),
    ("refusal", Kind::Reasons),
    ("remark", Kind::Reasons),
    ("resolver", Kind::Address),
    ("seconds", Kind::Number),
    ("section", Kind::Name),
    ("service", Kind::Name),
    ("socket", Kind::Name),
    ("source", Kind::Name),
    ("spread_s", Kind::Span),
    ("state", Kind::Reasons),
    ("states", Kind::Reasons),
    ("status", Kind::Number),
    ("stderr", Kind::Reasons),
    ("tunnel", Kind::Name),
    ("until", Kind::Date),
    ("url", Kind::Name),
    ("user", Kind::Number),
    ("value", Kind::Name),
    ("what", Kind::Reasons),
    ("whose", Kind::Reasons),
    ("words", Kind::Words),
];

/// The place in the table where each entry begins.
static STARTS: [u16; Code::ALL.len()] = starts();

const fn starts() -> [u16; Code::ALL.len()] {
    assert!(TABLE.len() <= u16::MAX as usize);
    let table = TABLE.as_bytes();
    let mut starts = [0; Code::ALL.len()];
    let (mut at, mut lines) = (0, 0);
    while at + 1 < table.len() {
        if table[at] == b'\n' {
            lines += 1;
            if lines % 3 == 0 {
                starts[lines / 3] = at as u16 + 1;
            }
        }
        at += 1;
    }
    starts
}

/// A template, whose parts are read one by one.
#[derive(Debug, Clone, Copy)]
pub struct Template(&'static str);

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Words that are always there.
    Words(&'static str),
    /// The argument of this name, with what stands between the reasons of one.
    Argument(&'static str, &'static str),
}

impl Template {
    /// Its parts, from the left.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (part, behind) = match rest.strip_prefix('{') {
                Some(inner) => {
                    let (inner, behind) = inner.split_once('}')?;
                    let (name, separator) = inner.split_once(':').unwrap_or((inner, ""));
                    (Part::Argument(name, separator), behind)
                }
                None if rest.is_empty() => return None,
                None => {
                    let (words, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                    (Part::Words(words), behind)
                }
            };
            rest = behind;
            Some(part)
        })
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Code {
    /// The code of this name.
    pub fn from_name(name: &str) -> Option<Code> {
        // Each idle pass reads a name: one byte tells most of the others.
        for (code, start) in Code::ALL.iter().zip(&STARTS) {
            let entry = &TABLE.as_bytes()[usize::from(*start)..];
            if entry.get(name.len()) == Some(&b'\n') && entry.starts_with(name.as_bytes()) {
                return Some(*code);
            }
        }
        None
    }

    /// Its name, such as `address.private`.
    pub fn name(self) -> &'static str {
        self.line(0)
    }

    /// Its English words.
    pub fn template(self) -> Template {
        Template(self.line(1))
    }

    /// What is to be done about it, where that does not go without saying. The table has
    /// `@CODE` for the same as of another code.
    pub fn action(self) -> Option<&'static str> {
        match self.line(2) {
            "" => None,
            action => match action.strip_prefix('@') {
                Some(other) => Code::from_name(other)?.action(),
                None => Some(action),
            },
        }
    }

    /// The names of its arguments, in the order of the template.
    pub fn arguments(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for part in self.template().parts() {
            match part {
                Part::Argument(name, _) if !names.contains(&name) => names.push(name),
                _ => {}
            }
        }
        names
    }

    #[inline(never)] // Every name and template is found by it.
    fn line(self, place: usize) -> &'static str {
        let entry = &TABLE[usize::from(STARTS[self as usize])..];
        entry.split('\n').nth(place).unwrap_or_default()
    }

    /// Whether its template takes these arguments, in this order. It is asked when a
    /// [`reason!`](crate::reason!) is compiled.
    pub const fn takes(self, names: &[&str]) -> bool {
        let template = TEMPLATES[self as usize].as_bytes();
        let (mut at, mut found) = (0, 0);
        while at < template.len() {
            if template[at] == b'{' {
                let mut known = 0;
                while known < found && !is_name_at(template, at + 1, names[known]) {
                    known += 1;
                }
                if known == found {
                    if found == names.len() || !is_name_at(template, at + 1, names[found]) {
                        return false;
                    }
                    found += 1;
                }
            }
            at += 1;
        }
        found == names.len()
    }
}

/// Whether an argument at this place of a template has this name.
const fn is_name_at(template: &[u8], at: usize, name: &str) -> bool {
    let name = name.as_bytes();
    let mut place = 0;
    while place < name.len() {
        if template[at + place] != name[place] {
            return false;
        }
        place += 1;
    }
    matches!(template[at + place], b'}' | b':')
}
