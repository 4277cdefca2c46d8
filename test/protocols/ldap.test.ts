// LDAP keeps the contract of protocols; its corner cases.
import { protocolContract } from "../contract/protocol.ts";
import { noticeOfDisconnection, startTlsResponse } from "../fakes/ldap-server.ts";

protocolContract("ldap", {
  goAhead: startTlsResponse(0),
  no: startTlsResponse(53, "nope"),
  later: startTlsResponse(52, "shutting down"),
  withoutStartTls: { goAhead: startTlsResponse(2, "unsupported extended operation") },
  turnedAway: noticeOfDisconnection(53, "nope"),
  says: /^0\x1d\x02\x01\x01w\x18\x80\x161\.3\.6\.1\.4\.1\.1466\.20037$|^0\x05\x02\x01\x02B\x00$/,
  goodbye: /^0\x05\x02\x01.B\x00$/,
});
