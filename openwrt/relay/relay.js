// The relay's replies. What SkyDNS says is read here and never passed on as it came: a
// router gets one of the few replies that are written below, and of SkyDNS's own words
// the message of a refusal alone.
//
// For njs 0.7.9 (Debian 12) or newer.

// The statuses of SkyDNS that are about the relay's own key, not about a router.
const ABOUT_THE_KEY = [401, 403];
// The statuses that say that nothing was done, and may be later.
const LATER = [408, 425, 503];
// The longest pause that is asked of a router, in seconds.
const MAX_PAUSE = 86400;

// The names under which an API puts an error's words, the most telling first; and those
// that hold none.
const NAMES_OF_WORDS = ['message', 'error', 'errors', 'err_msg', 'err_message',
    'error_message', 'error_description', 'description', 'reason', 'detail', 'details',
    'title', 'msg', 'text'];
const SILENT_NAMES = ['code', 'err_code', 'error_code', 'status', 'type', 'field', 'id'];
// The names that say whether there is an error: given twice, they say nothing.
const READ_NAMES = ['response', 'status', 'data', 'error', 'errors'];
// The longest message that is passed on, in characters.
const MAX_WORDS = 200;
// How often a message is looked through for escapes in escapes.
const MAX_LEVELS = 16;
// So many characters of the key give away that it is quoted.
const TELLING = 8;

// `update_ip`.
async function update(r) {
    const v = r.variables;
    if (v.relay_user === '') {
        return stranger(r);
    }
    if (r.method !== 'GET') {
        return error(r, 405, 'wrong', 'the relay passes GET only');
    }
    const given = parameters(v.args || '');
    if (given === null) {
        return error(r, 400, 'wrong', 'the relay takes ident, ip, hostname and profile, each once');
    }
    const address = addressOf(given.ip || '');
    if (address === '') {
        return error(r, 400, 'wrong', 'ip is no address');
    }
    v.relay_address = address;
    if (v.relay_public !== '1') {
        return error(r, 400, 'wrong', `ip is no public address: ${address}`);
    }
    const hostname = given.hostname || '';
    const profile = given.profile || '';
    // Of what is encoded, the blank and what is not ASCII: no separator, however
    // often it is decoded.
    if (!/^(?:[A-Za-z0-9._~-]|%20|%[89A-Fa-f][0-9A-Fa-f]){0,255}$/.test(hostname)
        || !/^[0-9]{0,9}$/.test(profile)) {
        return error(r, 400, 'wrong', 'hostname or profile cannot be passed on');
    }
    if (v.relay_own_address === 'on' && address !== r.remoteAddress) {
        return error(r, 403, 'wrong', 'ip is not the address that the request comes from');
    }
    const key = providerKey(v);
    v.relay_question = `key=${encodeURIComponent(key)}&ident=${v.relay_user}&ip=${given.ip}`
        + (hostname && `&hostname=${hostname}`) + (profile && `&profile=${profile}`);
    try {
        const asked = await ask(r);
        answer(r, key, asked);
    } catch (e) {
        // Otherwise nginx would end the connection without a word.
        broken(r, 500);
    }
}

// Any other path. `wansync check` learns here what the token is worth, and knows the
// relay by the end of the message.
function other(r) {
    const user = r.variables.relay_user;
    if (user === '') {
        return stranger(r);
    }
    error(r, 403, 'known', `the relay knows this router, as ${user}, and passes update_ip only`);
}

function stranger(r) {
    error(r, 403, 'stranger', 'the relay does not know this token');
}

// What is beyond one of the relay's limits.
function tooOften(r) {
    const words = r.variables.relay_user === ''
        ? 'the relay does not know this token, and too many such requests come from this address'
        : 'too many requests from this router, or from all: once a minute';
    later(r, 429, 'too-often', words, 60);
}

// What nginx turns away by itself.
function turnedAway(r) {
    const status = Number(r.variables.status);
    const verified = r.variables.ssl_client_verify || 'NONE';
    if (status >= 500 && status !== 501 && status !== 505) {
        return broken(r, status);
    }
    error(r, status, 'wrong', status === 400 && !/^(?:NONE|SUCCESS)$/.test(verified)
        ? 'the relay does not take this certificate'
        : 'the relay cannot read this request');
}

function broken(r, status) {
    later(r, status, 'broken', 'the relay has a fault of its own', 60);
}

// The parameters of a query, or null: whatever could be read in two ways is refused, a
// name that is encoded, unknown or given twice.
function parameters(query) {
    const given = { key: null, ident: null, ip: null, hostname: null, profile: null };
    const isFine = query.split('&').every((part) => {
        const at = part.indexOf('=');
        const name = part.substring(0, at);
        const isNew = given[name] === null;
        given[name] = part.substring(at + 1);
        return isNew;
    });
    return isFine ? given : null;
}

// An address in a form that has one reading, or nothing. `geo` in relay.conf finds
// whether it is one, and public; it takes ::ffff:808:404 for an IPv4 address, and a
// colon too many at the end for none.
function addressOf(text) {
    const address = text.replace(/%3a/gi, ':');
    const isV4 = /^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/.test(address);
    const isV6 = /^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,8}$/i.test(address) && !/[^:]:$/.test(address);
    return isV4 || isV6 ? address : '';
}

// The key as it is: relay-key.conf may hold some of it percent-encoded.
function providerKey(v) {
    try {
        return decodeURIComponent(v.provider_key);
    } catch (e) {
        return v.provider_key;
    }
}

// SkyDNS's reply. Connections are kept to the address that it had when nginx was
// started; where none can be made to that, it is looked up again.
async function ask(r) {
    return await askAt(r, 'relay_skydns') || await askAt(r, r.variables.skydns_server);
}

// The same of one server; null if there is no connection to it.
async function askAt(r, server) {
    r.variables.relay_server = server;
    const reply = await r.subrequest('/relay/skydns');
    const isTime = (text) => /[0-9]/.test(text || '');
    if (!isTime(reply.variables.upstream_connect_time)) {
        return null;
    }
    return { reply, came: isTime(reply.variables.upstream_header_time) };
}

// The router's reply to SkyDNS's.
function answer(r, key, asked) {
    if (asked === null) {
        return later(r, 503, 'unreachable', 'the relay cannot reach SkyDNS', 30);
    }
    if (!asked.came) {
        return error(r, 502, 'unavailable', 'SkyDNS has not answered the relay');
    }
    const reply = asked.reply;
    const status = reply.status;
    const pause = pauseOf(reply);
    r.variables.relay_skydns = status;
    if (ABOUT_THE_KEY.includes(status)) {
        return later(r, 503, 'unavailable', 'SkyDNS does not take the relay for a provider', 600);
    }
    if (status === 429) {
        return later(r, 429, 'too-often', 'too many requests for SkyDNS', pause || 60);
    }
    if (LATER.includes(status)) {
        return later(r, 503, 'unavailable', 'SkyDNS asks to come later', pause || 30);
    }
    if (status >= 300 && status < 400) {
        return error(r, 502, 'unavailable', 'SkyDNS redirects, which the relay does not follow');
    }
    const document = status < 500 ? read(reply) : null;
    if (document === null) {
        return error(r, 502, 'unavailable', "the relay does not understand SkyDNS's reply");
    }
    const words = wordsOfRefusal(document);
    if (words !== null) {
        // What is cut off here is far beyond what is shown.
        const masked = oneLine(mask(words.substring(0, 10 * MAX_WORDS), key));
        r.variables.relay_words = `: ${masked}`;
        return error(r, 200, 'refused', masked);
    }
    if (status !== 200 || !isAcknowledged(document)) {
        return error(r, 502, 'unavailable', "the relay does not understand SkyDNS's reply");
    }
    say(r, 200, 'accepted', { status: 'ok' });
}

// The pause that a reply asks for, in seconds; 0 if none.
function pauseOf(reply) {
    const text = reply.headersOut['Retry-After'] || '';
    const seconds = /^[0-9]+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
    return seconds > 0 ? Math.min(Math.ceil(seconds), MAX_PAUSE) : 0;
}

// The JSON of a reply, or null: it has to be JSON to the letter, and no name twice, or
// it means what its reader likes.
function read(reply) {
    if (!/^(?:identity)?$/i.test(reply.headersOut['Content-Encoding'] || '')) {
        return null;
    }
    try {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        const text = decoder.decode(reply.responseBuffer);
        const document = JSON.parse(text);
        const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
        const isClear = isObject(document) && countNames(document) === colons
            && !repeats(document) && !repeats(document.response);
        return isClear ? document : null;
    } catch (e) {
        return null;
    }
}

function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The number of names in a value, at any depth.
function countNames(value) {
    if (typeof value !== 'object' || value === null) {
        return 0;
    }
    const names = Array.isArray(value) ? [] : Object.keys(value);
    const inner = Array.isArray(value) ? value : names.map((name) => value[name]);
    return inner.reduce((sum, one) => sum + countNames(one), names.length);
}

// True if an object has one of the names that are read twice, in whatever case.
function repeats(object) {
    const names = Object.keys(isObject(object) ? object : {}).map((name) => name.toLowerCase());
    return READ_NAMES.some((name) => names.indexOf(name) !== names.lastIndexOf(name));
}

// True if a reply of status 200 says "ok", and nothing beside it that there is an error.
function isAcknowledged(document) {
    const response = document.response;
    if (!isObject(response) || response.status !== 'ok') {
        return false;
    }
    const objects = [document, response, response.data].filter(isObject);
    return !objects.some((object) => Object.keys(object).some((name) => {
        const text = scalar(object[name]);
        return /^err/i.test(name) && wordsIn(object[name], true, 8) !== ''
            || /^success$/i.test(name) && /^(?:0|false)$/.test(text)
            || /^status$/i.test(name) && object === document && text !== '' && !isYes(text);
    }));
}

function isYes(text) {
    return /^(?:ok|true|success|200|good|nochg)$/i.test(text);
}

// The words of a refusal in SkyDNS's form, or null: a status that is not "ok", or an
// error where there is no status.
function wordsOfRefusal(document) {
    const response = isObject(document.response) ? document.response : {};
    const own = scalar(response.status);
    const status = own || scalar(document.status);
    if (isYes(own)) {
        return null;
    }
    const words = wordsIn(response, false, 8) || wordsIn(document, false, 8);
    if (words !== '' || status === '' || isYes(status)) {
        return words || null;
    }
    return wordsIn([response.data, document.data, response.code, document.code], true, 8)
        || `status '${status}'`;
}

// The first words of an error in a value. `isError`: the value is an error's own.
function wordsIn(value, isError, depth) {
    if (typeof value !== 'object' || value === null) {
        const text = isError ? scalar(value) : '';
        return /^(?:0|false)$/.test(text) ? '' : text;
    }
    if (depth === 0) {
        return '';
    }
    const isRead = (name) => NAMES_OF_WORDS.includes(name);
    const names = Object.keys(value);
    const inOrder = NAMES_OF_WORDS.filter((name) => names.includes(name))
        .concat(names.filter((name) => !isRead(name) && !SILENT_NAMES.includes(name)));
    return inOrder.reduce((found, name) =>
        found || wordsIn(value[name], isError || isRead(name), depth - 1), '');
}

function scalar(value) {
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value).trim() : '';
}

// A text without the key, however it is written: as it is, percent-encoded, with the
// escapes of JSON or of HTML, in small or capital letters, and any of it again.
function mask(text, key) {
    const literally = (part) => part.replace(/[^A-Za-z0-9]/g, (c) => `\\${c}`);
    const whole = [key, encodeURIComponent(key), key.replace(/ /g, '+')];
    for (let part = key; part !== whole[whole.length - 1];) {
        whole.push(part);
        part = unescaped(part);
    }
    // What begins as the key does may be a part of it that was cut off.
    const start = `${literally(key.substring(0, TELLING))}\\S*`;
    const quoted = new RegExp(whole.map(literally).concat(start).join('|'), 'gi');
    let shown = text;
    let plain = text;
    for (let level = 0; level < MAX_LEVELS; level += 1) {
        const masked = plain.replace(quoted, '***');
        shown = masked === plain ? shown : masked;
        plain = unescaped(masked);
        if (plain === masked) {
            return shown;
        }
    }
    return '***';
}

// A text with one level of escapes undone.
function unescaped(text) {
    const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
    const escape = /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|&#x0*([0-9a-f]{1,5});?|&#0*([0-9]{1,6});?|&(amp|lt|gt|quot|apos);?|\\([^ux])/gi;
    return text.replace(escape, (all, percent, u, x, hex, decimal, name, c) => {
        const code = parseInt(percent || u || x || hex || decimal, decimal ? 10 : 16);
        return c || named[String(name).toLowerCase()] || String.fromCodePoint(code);
    });
}

// A text as one line of at most MAX_WORDS characters, without what a terminal obeys.
function oneLine(text) {
    const harmful = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
    return text.replace(harmful, ' ').substring(0, MAX_WORDS);
}

// A reply that says to come later. The pause is random, up to twice as long, so that
// routers that are turned away together do not come back together.
function later(r, status, said, message, seconds) {
    r.headersOut['Retry-After'] = String(seconds + Math.floor(Math.random() * (seconds + 1)));
    error(r, status, said, message);
}

function error(r, status, said, message) {
    say(r, status, said, { status: 'error', message });
}

// The one place where a reply is sent. `said` is its word in the log.
function say(r, status, said, response) {
    r.variables.relay_said = said;
    r.return(status, `${JSON.stringify({ response })}\n`);
}

export default { update, other, tooOften, turnedAway };
