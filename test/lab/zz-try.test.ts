// scratch
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { it } from "vitest";
import { startMailHost } from "./mail-host.ts";
it("try", async () => {
  const file = process.env["TRY"] ?? "/tmp/doc/a";
  const [head = "{}", ...lines] = readFileSync(file, "utf8").split("\n");
  const out = `${file}.out`;
  writeFileSync(out, "");
  const host = await startMailHost(JSON.parse(head));
  try {
    for (const line of lines) {
      if (line === "" ) continue;
      if (line.startsWith("@dovecot")) { await host.startDovecot(); continue; }
      if (line.startsWith("@postfix")) { await host.startPostfix(); continue; }
      if (line.startsWith("#")) { appendFileSync(out, `\n######## ${line}\n`); continue; }
      const t = Date.now();
      const r = await host.exec(line, { timeoutMs: 180_000 });
      appendFileSync(out, `\n$ ${line}\n${r.stdout}${r.stderr}= ${r.status} (${Date.now() - t} ms)\n`);
    }
  } finally { await host.stop(); }
}, 900_000);
