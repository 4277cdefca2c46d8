// acme-client's Client without the rest of the package: its index also loads node-forge, which costs as much as all the others together.
declare module "acme-client/src/client.js" {
  import { Client } from "acme-client";
  export default Client;
}
