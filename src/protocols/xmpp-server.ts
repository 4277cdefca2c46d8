// XMPP between servers (RFC 6120): 5269 with STARTTLS, 5270 with TLS at once (XEP-0368). The host is the domain of the addresses.
import { usualPorts } from "../domain/usual-ports.ts";
import { xmppProtocol } from "./xmpp-dialogue.ts";

export const xmppServer = xmppProtocol({
  summary: "chat between XMPP servers (5269 STARTTLS, 5270 SSL/TLS)",
  place: usualPorts["xmpp-server"],
  namespace: "jabber:server",
  alpn: "xmpp-server",
});
