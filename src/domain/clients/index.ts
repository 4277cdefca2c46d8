// The table of clients, in the order in which people are told of them.
import { androidClients } from "./android.ts";
import { appleClients } from "./apple.ts";
import type { Client } from "./client.ts";
import { googleClients } from "./google.ts";
import { libraryClients } from "./libraries.ts";
import { microsoftClients } from "./microsoft.ts";
import { mozillaClients } from "./mozilla.ts";

export const clients: readonly Client[] = [
  ...mozillaClients,
  ...microsoftClients,
  ...appleClients,
  ...androidClients,
  ...googleClients,
  ...libraryClients,
];
