// XMPP keeps the contract of protocols, for clients and for servers; its corner cases.
import { protocolContract } from "../contract/protocol.ts";

const error = (condition: string, text: string): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${text}</text></stream:error></stream:stream>`;
const header = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";

const samples = {
  goAhead: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  no: error("policy-violation", "nope"),
  later: error("resource-constraint", "later"),
  withoutStartTls: { capabilities: "<stream:features><bind/></stream:features>" },
  turnedAway: header + error("host-unknown", "nope"),
  says: /^(<\?xml version='1\.0'\?><stream:stream [^>]*>|<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/>|<\/stream:stream>)$/,
  goodbye: /^<\/stream:stream>$/,
};
protocolContract("xmpp-client", samples);
protocolContract("xmpp-server", samples);
