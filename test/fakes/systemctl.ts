// systemctl, journalctl and a scheduled program as a RunProgram: remembers what is enabled and started, answers like the real one.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunProgram } from "../../src/system/run.ts";

export const fakeSystemctl = (units: string) => {
  const ran: string[] = [];
  let enabled = false;
  let active = false;
  let status = 0;
  let exitedAt = "";
  const answer = (stdout = "", code = 0, stderr = "") => ({ status: code, stdout, stderr });
  const show = (unit: string, names: readonly string[]) => {
    const known: Record<string, string> =
      unit === "mailcert.timer"
        ? {
            ActiveState: active ? "active" : "inactive",
            UnitFileState: enabled ? "enabled" : "",
            NextElapseUSecRealtime: active ? "Fri 2026-11-20 13:17:42 UTC" : "",
          }
        : {
            Result: status === 0 || status === 75 ? "success" : "exit-code",
            ExecMainStatus: String(status),
            ExecMainExitTimestamp: exitedAt,
            InvocationID: exitedAt === "" ? "" : "0123abcd",
          };
    return answer(names.map((name) => `${name}=${known[name] ?? ""}\n`).join(""));
  };
  const run: RunProgram = async (program, args) => {
    ran.push([program, ...args].join(" "));
    if (program === "journalctl") return answer("mailcert: error: it went wrong\u001b[31m\n");
    if (program === "env") {
      const names = args.find((word) => word.startsWith("--property="))?.slice("--property=".length) ?? "";
      return show(args.at(-1) ?? "", names.split(","));
    }
    if (program !== "systemctl") return answer("", status, status === 0 ? "" : "mailcert: error: it went wrong\n");
    const [verb, ...words] = args;
    const unit = words.at(-1) ?? "";
    if (verb === "enable" || verb === "restart") {
      if (!existsSync(join(units, unit))) return answer("", 1, `Unit ${unit} could not be found.`);
      if (verb === "enable") enabled = true;
      active = true;
    } else if (verb === "disable") {
      enabled = false;
      active = false;
    } else if (verb === "start") {
      exitedAt = "Fri 2026-11-20 12:17:00 UTC";
      return answer("", status === 0 || status === 75 ? 0 : 1, "Job for mailcert.service failed.");
    }
    return answer();
  };
  return {
    run,
    ran,
    endWith: (code: number): void => {
      status = code;
    },
  };
};
