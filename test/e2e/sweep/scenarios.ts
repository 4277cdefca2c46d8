// What is swept: a first setup, renewals, a removal and a rollback, each from a state that the trial before it left.
import { expect } from "vitest";
import { serverSettings } from "../deployed-host.ts";
import { type SweptHost, name } from "./host.ts";
import { type Scenario, well } from "./trial.ts";

export const setup = ["setup", name, "--schedule", "none", "--key", "ecdsa", "--key", "rsa"];

/** /etc/dovecot and /etc/postfix as before mailcert came, and both programs read them without a word on stderr. */
export const expectUntouched = async ({ host, untouched }: SweptHost): Promise<void> => {
  expect(await serverSettings(host)).toBe(untouched);
  expect(await host.must("{ doveconf -n && postconf -n; } 2>&1 >/dev/null")).toBe("");
};

const hasConfig = async ({ host }: SweptHost): Promise<boolean> =>
  (await host.exec(["test", "-e", "/etc/mailcert/mailcert.yaml"])).status === 0;

const served = async (swept: SweptHost): Promise<void> => {
  if (!(await hasConfig(swept))) await well(swept, "prepare", ...setup);
  // Three generations, so that each renewal clears one away.
  while ((await swept.watcher.files()).generations < 3) await well(swept, "prepare", "renew", "--force");
};

/** What is not as it was is replaced by one rename, as an editor would: the servers read these files whenever they please. */
const putBack = `
  reload=
  for server in dovecot postfix; do
    cd /etc/$server
    changed=$(diff -rq "/opt/untouched/$server" .) || reload=yes
    echo "$changed" | while read -r what was where file _; do
      case "$what $where" in
        "Only ."*) rm "\${where%:}/$file" ;;
        "Files and") cp -a "$was" "$file.new" && mv "$file.new" "$file" ;;
      esac
    done
  done
  [ -z "$reload" ] || { doveadm reload && postfix reload 2>/dev/null; }`;

const nothing = async (): Promise<void> => undefined;

export const firstSetup: Scenario = {
  what: "first setup",
  args: setup,
  kinds: ["any"],
  original: true,
  prepare: nothing,
  converge: async (swept, turn) => {
    // In turn the timer's run, where there is a configuration for it, and a person who tries again.
    if (turn % 2 === 0 && (await hasConfig(swept))) await well(swept, "converge", "renew");
    else await well(swept, "converge", ...setup);
  },
  again: async (swept, turn) => {
    // A removal in full for one in five; for the others the files are put back as they were, which is quicker.
    if (turn % 5 === 3) await well(swept, "again", "deploy", "--remove");
    else await swept.host.must(putBack);
    await expectUntouched(swept);
    await swept.host.must("rm -rf /var/lib/mailcert /etc/mailcert");
  },
};

const renew = (swept: SweptHost): Promise<void> => well(swept, "converge", "renew");

export const renewal: Scenario = {
  what: "renewal",
  args: ["renew", "--force"],
  kinds: ["ecdsa", "rsa"],
  original: false,
  prepare: served,
  converge: renew,
  again: nothing,
};

export const newKeys: Scenario = { ...renewal, what: "renewal with new keys", args: ["renew", "--force", "--new-key"] };

export const rollback: Scenario = {
  ...renewal,
  what: "rollback",
  args: ["rollback", name],
  // As the first one: from the newest of three.
  again: async (swept) => {
    const { live, newest, generations } = await swept.watcher.files();
    if (live === newest && generations >= 3) return;
    await well(swept, "again", "renew", "--force");
    await served(swept);
  },
};

export const removal: Scenario = {
  what: "removal",
  args: ["deploy", "--remove"],
  kinds: ["any"],
  original: true,
  prepare: served,
  converge: async (swept) => {
    await well(swept, "converge", "deploy", "--remove");
    await expectUntouched(swept);
    await well(swept, "converge", "deploy");
  },
  again: nothing,
};
