// FTP keeps the contract of protocols.
import { protocolContract } from "../contract/protocol.ts";

protocolContract("ftp", {
  goAhead: "234 go\r\n",
  no: "534 nope\r\n",
  later: "431 later\r\n",
  withoutStartTls: {
    capabilities: "211-Features:\r\n UTF8\r\n AUTHX TLS\r\n211 End\r\n",
    goAhead: "500 Unknown command.\r\n",
  },
  askedUnlisted: true,
  turnedAway: "530 nope\r\n",
});
