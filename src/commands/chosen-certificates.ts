// The certificates that a command line names, from the configuration.
import type { CertificateConfig, Config } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { namesIn } from "../usecases/unless-failure.ts";
import type { World } from "../usecases/world.ts";

/** The hint behind a name that is not known. */
export const knownNames = (names: readonly string[]): string => {
  if (names.length === 0) return "there is none yet: mailcert setup mail.example.org makes the first";
  return `known here: ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", ..." : ""}`;
};

/** The configuration with those that are meant: all of them when none is named. @throws Failure `config` without a configuration, `usage` for an unknown name. */
export const chosenConfig = async (
  world: World,
  names: readonly string[],
): Promise<{ readonly config: Config; readonly chosen: readonly CertificateConfig[] }> => {
  const config = await world.config.read();
  if (!config) {
    throw new Failure("config", `there is no configuration at ${world.config.path}`, {
      hints: [
        ...(namesIn(world.store).length > 0
          ? ["this host has certificates: `mailcert status` says what brings each of them back into one"]
          : []),
        "make one: mailcert setup mail.example.org",
      ],
    });
  }
  const unknown = names.find((name) => !config.certificates.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Failure("usage", `no certificate is named "${unknown.slice(0, 100)}" in ${world.config.path}`, {
      hints: [knownNames(config.certificates.map(({ name }) => name))],
    });
  }
  const { certificates } = config;
  return {
    config,
    chosen: names.length === 0 ? certificates : certificates.filter(({ name }) => names.includes(name)),
  };
};

export const chosenCertificates = async (
  world: World,
  names: readonly string[],
): Promise<readonly CertificateConfig[]> => (await chosenConfig(world, names)).chosen;

/** The one certificate that is meant: the named one, or the only one. */
export const chosenCertificate = async (world: World, name: string | undefined): Promise<CertificateConfig> => {
  const all = await chosenCertificates(world, name === undefined ? [] : [name]);
  const [only] = all;
  if (all.length !== 1 || !only) {
    throw new Failure("usage", "say which certificate is meant", {
      hints: [knownNames(all.map(({ name: one }) => one))],
    });
  }
  return only;
};
