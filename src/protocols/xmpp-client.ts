// XMPP for people's clients (RFC 6120): 5222 with STARTTLS, 5223 with TLS at once (XEP-0368). The host is the domain of the addresses.
import { usualPorts } from "../domain/usual-ports.ts";
import { xmppProtocol } from "./xmpp-dialogue.ts";

export const xmppClient = xmppProtocol({
  summary: "chat over XMPP (5222 STARTTLS, 5223 SSL/TLS)",
  place: usualPorts["xmpp-client"],
  namespace: "jabber:client",
  alpn: "xmpp-client",
});
