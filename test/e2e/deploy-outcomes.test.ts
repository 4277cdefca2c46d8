// How a deployment ends on real servers: stale, broken with a way back, broken at the first setup, mute, stopped; and what later runs do about it.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import {
  all,
  dovecotPorts,
  expectServed,
  folder,
  leafIn,
  leaves,
  liveLeaf,
  onHost,
  run,
  serverSettings,
  setUp,
  setup,
  suites,
  usualPorts,
  wrap,
} from "./deployed-host.ts";

const status = async (host: MailHost): Promise<{ status: number | null; text: string }> => {
  const { status: code, stdout } = await host.mailcert(["status"]);
  return { status: code, text: stdout };
};

interface State {
  readonly stage: string;
  readonly target: number;
  readonly attempts: number;
  readonly generations: readonly { readonly number: number; readonly failed?: string }[];
}
const state = async (host: MailHost): Promise<State> => JSON.parse(await host.read(`${folder}/state.json`)) as State;

// Five hosts at once: what takes half a minute with two cores of its own takes a busy machine two.
describe.concurrent.each(suites)("%s", { timeout: 300_000 }, (suite) => {
  it("stale: a file that breaks Dovecot between test and reload; the next run finishes once it is gone", async () => {
    await onHost({ suite }, async (host) => {
      const old = await setUp(host);
      const broken = "/etc/dovecot/conf.d/zz-broken.conf";
      const PATH = await wrap(
        host,
        "doveadm",
        `[ "$1" != reload ] || echo 'no_such_setting = yes' > ${broken}\nreal "$@"`,
      );
      const renewed = await run(host, ["renew", "--force"], { env: { PATH } });
      expect(renewed.status, renewed.stdout).toBe(1);
      expect(renewed.deployed.outcome).toBe("unproven");
      expect(renewed.faults).toEqual(["deploy-config", "deploy-stale"]);
      expect(renewed.deployed.findings.find(({ check }) => check === "deploy-config")?.message).toContain(
        `${broken} line 1`,
      );
      expect(renewed.verdicts).toEqual({
        25: ["proven"],
        ...Object.fromEntries(
          Object.keys(renewed.verdicts)
            .filter((port) => port !== "25")
            .map((port) => [port, ["stale"]]),
        ),
      });
      // The new generation stays live, the old leaf stays served where the server kept it.
      const fresh = await liveLeaf(host);
      expect(fresh).not.toBe(old);
      await expectServed(host, { 25: fresh, ...all(dovecotPorts, old) });
      expect(await status(host)).toMatchObject({
        status: 1,
        text: expect.stringContaining(`${broken} line 1`) as string,
      });

      // While it is there, each run names it and leaves Dovecot alone; Postfix serves the new one, and needs no reload.
      const again = await run(host, ["renew"]);
      expect(again.status, again.stdout).toBe(1);
      expect(again.deployed.generation.number).toBe(2);
      expect(again.faults).toEqual(["deploy-config", "deploy-stale"]);
      expect(again.deployed.findings.find(({ check }) => check === "deploy-config")).toMatchObject({
        message: expect.stringContaining(`${broken} line 1`) as string,
        hint: expect.stringContaining(`line 1 of ${broken}`) as string,
      });
      expect(again.deployed.servers.map(({ id, reloaded }) => `${id} ${reloaded}`)).toEqual([
        "dovecot false",
        "postfix false",
      ]);
      const person = await host.mailcert(["renew"]);
      expect(person.stdout).toMatch(/STALE +993 · SSL\/TLS/);
      expect(person.stdout).toContain("zz-broken.conf line 1");

      await host.must(["rm", broken]);
      const finished = await run(host, ["renew"]);
      expect(finished.status, finished.stdout).toBe(0);
      expect(finished.deployed).toMatchObject({ outcome: "verified", generation: { number: 2 } });
      await expectServed(host, all(usualPorts, fresh));
      expect(await status(host)).toMatchObject({
        status: 0,
        text: expect.not.stringContaining("last error") as string,
      });
    });
  });

  it.each([
    { server: "postfix", file: "combined.pem", protocol: "smtp" },
    { server: "doveadm", file: "privkey.pem", protocol: "imap" },
  ])(
    "broken by a renewal ($server cannot read $file): back to the generation before, proven",
    async ({ server, file, protocol }) => {
      await onHost({ suite }, async (host) => {
        const old = await setUp(host);
        const PATH = await wrap(
          host,
          server,
          `case " $* " in *" reload "*) [ -e /run/once ] || { : > ${folder}/live/ecdsa/${file}; touch /run/once; };; esac\nreal "$@"`,
        );
        const renewed = await run(host, ["renew", "--force"], { env: { PATH } });
        expect(renewed.status, renewed.stdout).toBe(1);
        expect(renewed.deployed).toMatchObject({ outcome: "rolled-back", generation: { number: 1 } });
        expect(renewed.faults).toEqual(["deploy-rolled-back", "deploy-broken"]);
        expect(renewed.deployed.findings[0]?.message).toMatch(
          new RegExp(
            `generation 2 was taken back, generation 1 is served again everywhere: ${protocol}s?://mail\\.example\\.org:\\d+ at `,
          ),
        );
        expect(new Set(Object.values(renewed.verdicts).flat())).toEqual(new Set(["proven"]));
        expect(await liveLeaf(host)).toBe(old);
        await expectServed(host, all(usualPorts, old));
        const marked = await state(host);
        expect(marked).toMatchObject({ stage: "verified", target: 1, attempts: 1 });
        expect(marked.generations.map(({ failed }) => failed !== undefined)).toEqual([false, true]);
        expect(await status(host)).toMatchObject({
          status: 1,
          text: expect.stringContaining("generation 2 was taken back") as string,
        });
        // The number of a generation that failed is never used again.
        const repaired = await run(host, ["renew", "--force"]);
        expect(repaired.status, repaired.stdout).toBe(0);
        expect(repaired.deployed).toMatchObject({ outcome: "verified", generation: { number: 3 } });
        await expectServed(host, all(usualPorts, await liveLeaf(host)));
        expect(await status(host)).toMatchObject({ status: 0 });
      });
    },
  );

  it("broken at the first setup: the servers' own settings byte for byte, their certificates served again", async () => {
    await onHost({ suite }, async (host) => {
      const before = await serverSettings(host);
      const old = await leaves(host);
      const PATH = await wrap(
        host,
        "postfix",
        `case " $* " in *" reload "*) [ -e /run/once ] || { : > ${folder}/live/ecdsa/combined.pem; touch /run/once; };; esac\nreal "$@"`,
      );
      const result = await run(host, ["setup", "mail.example.org", "--schedule", "none"], { env: { PATH } });
      expect(result.status, result.stdout).toBe(1);
      expect(result.deployed.outcome).toBe("rolled-back");
      expect(result.faults).toEqual(["deploy-rolled-back", "deploy-broken"]);
      expect(result.deployed.findings[0]?.message).toContain("every entry point serves what it served before");
      expect(await serverSettings(host)).toBe(before);
      await expectServed(host, old);
      expect(await status(host)).toMatchObject({
        status: 1,
        text: expect.stringMatching(/ staged\n[\s\S]*next attempt[\s\S]*served by nowhere/) as string,
      });
      // A timer run waits; a person's run does not, and makes the damaged generation anew.
      expect((await host.mailcert(["renew", "--quiet"])).status).toBe(75);
      const again = await setup(host);
      expect(again.status, again.stdout).toBe(0);
      expect(again.deployed).toMatchObject({ outcome: "verified", generation: { number: 2 } });
    });
  });

  it("a live generation that somebody damaged: said before anything is switched, and renew --force makes a new one", async () => {
    await onHost({ suite, start: ["dovecot"] }, async (host) => {
      const old = await setUp(host, "--server", "dovecot");
      await host.must(`cp ${folder}/live/ecdsa/cert.pem ${folder}/live/ecdsa/combined.pem`);
      const deployed = await host.mailcert(["deploy"]);
      expect(deployed.status).toBe(65);
      expect(deployed.stderr).toMatch(
        /generation 1 of mail\.example\.org is damaged: .*combined\.pem is not what was written/,
      );
      expect(deployed.stderr).toContain("mailcert: hint: make a new one: mailcert renew --force mail.example.org");
      expect(await leaves(host, [993])).toEqual({ 993: old });
      const renewed = await run(host, ["renew", "--force"]);
      expect(renewed.status, renewed.stdout).toBe(0);
      // A damaged generation is nothing to go back to either.
      const rolled = await host.mailcert(["rollback", "mail.example.org"]);
      expect(rolled.status).toBe(65);
      expect(rolled.stderr).toContain("generation 1 of mail.example.org is damaged");
      expect(await liveLeaf(host)).toBe(await leafIn(host, `${folder}/generations/0002/ecdsa/cert.pem`));
      expect((await host.mailcert(["renew"])).status).toBe(0);
    });
  });
});
