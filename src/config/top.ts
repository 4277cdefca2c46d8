// What stands at the top of the configuration beside the certificates: hooks and a window for all of them, who is told, what fills a database of Postfix's, and whose client certificates people log in with.
import type { Config } from "../domain/certificate-config.ts";
import { readClients } from "./clients-entry.ts";
import { readHook, readHooks } from "./hooks-entry.ts";
import { readNotify } from "./notify-entry.ts";
import type { Field, Source } from "./source.ts";
import { readWindow } from "./window-entry.ts";

export const topKeys: readonly string[] = ["hooks", "window", "notify", "postfix_sni_rows", "client_certificates"];

type Top = Pick<Config, "inherited" | "notify" | "sniRows" | "clients">;

/** Each of them may stand in one file only. */
export const createTop = () => {
  const seen = new Map<string, { readonly file: string; readonly line: number }>();
  const found: {
    hooks?: ReturnType<typeof readHooks>;
    window?: ReturnType<typeof readWindow>;
    notify?: Top["notify"];
    sniRows?: Top["sniRows"];
    clients?: Top["clients"];
  } = {};

  const read = (source: Source, fields: ReadonlyMap<string, Field>): void => {
    for (const key of topKeys) {
      const field = fields.get(key);
      if (field === undefined) continue;
      const first = seen.get(key);
      if (first !== undefined) {
        const hint = `it stands already in ${first.file}, line ${first.line}; keep one of the two`;
        source.report(field.key, `${key} stands in two files`, hint);
        continue;
      }
      seen.set(key, { file: source.file, line: source.place(field.key).line });
      if (key === "hooks") found.hooks = readHooks(source, field);
      else if (key === "window") found.window = readWindow(source, field);
      else if (key === "postfix_sni_rows") found.sniRows = readHook(source, field, key);
      else if (key === "client_certificates") found.clients = readClients(source, field);
      else found.notify = readNotify(source, field);
    }
  };

  const settings = (): Top => {
    const { hooks, window, notify, sniRows, clients } = found;
    const inherited = { ...(hooks ? { hooks } : {}), ...(window ? { window } : {}) };
    return {
      ...(Object.keys(inherited).length === 0 ? {} : { inherited }),
      ...(notify ? { notify } : {}),
      ...(sniRows ? { sniRows } : {}),
      ...(clients ? { clients } : {}),
    };
  };
  return { read, settings };
};
