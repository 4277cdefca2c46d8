// The one file of acme-client that is imported (engine.ts): its class is the package's own.
declare module "acme-client/src/client.js" {
  import { Client } from "acme-client";
  export default Client;
}
