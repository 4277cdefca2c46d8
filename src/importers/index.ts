// The registry of importers: whose files can be taken over, and how to load what reads them.
import type { ImportClient } from "../domain/import-clients.ts";
import type { Importer } from "./importer.ts";

export const importers: Readonly<Record<ImportClient, { readonly load: () => Promise<Importer> }>> = {
  certbot: { load: async () => (await import("./certbot.ts")).certbot },
  "acme.sh": { load: async () => (await import("./acme-sh.ts")).acmeSh },
  lego: { load: async () => (await import("./lego.ts")).lego },
  dehydrated: { load: async () => (await import("./dehydrated.ts")).dehydrated },
};
