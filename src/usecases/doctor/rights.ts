// Look: nobody but root can change the folders of mailcert, or read its keys and secrets.
import { dirname } from "node:path";
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { type Looked, ofFindings } from "../../domain/doctor/finding.ts";
import { type SecretFile, changeableFinding, listedFindings, secretFindings } from "../../domain/doctor/rights.ts";
import { counted } from "../../domain/doctor/words.ts";
import type { FileFacts } from "../../system/doctor/secret-files.ts";
import type { Ground, Look } from "./look.ts";

/** HMAC files of account bindings, keys that sign profiles: secrets that may lie anywhere. */
const secretsElsewhere = (certificates: readonly CertificateConfig[]): readonly string[] =>
  certificates.flatMap(({ issuer, fallbacks, signProfile }) => [
    ...[issuer, ...fallbacks].flatMap((one) => (one.kind === "acme" && one.eab ? [one.eab.hmacFile] : [])),
    ...(signProfile === undefined || signProfile === "live" ? [] : [signProfile]),
  ]);

/** The key files of the generations of a certificate whose keys a group may read. */
const groupOf = ({ state, world }: Ground, path: string): string | undefined => {
  const name = /^certificates\/([^/]+)\/generations\//.exec(path.slice(world.store.dir.length + 1))?.[1];
  return name === undefined ? undefined : state(name)?.keyGroup;
};

const secretFiles = async (ground: Ground, files: readonly FileFacts[]): Promise<readonly SecretFile[]> => {
  const { tools } = ground;
  // Without bits for the group there is no list, or one whose mask lets nobody in.
  const wide = files.filter(({ mode }) => (mode & 0o070) !== 0).map(({ path }) => path);
  const lists = wide.length === 0 ? new Map<string, readonly string[]>() : await tools.accessLists(wide);
  const groups = new Map<string, number | undefined>();
  for (const group of new Set(files.flatMap(({ path }) => groupOf(ground, path) ?? [])))
    groups.set(group, await tools.groupId(group));
  return files.map((file) => {
    const group = groups.get(groupOf(ground, file.path) ?? "");
    return { ...file, ...(group === undefined ? {} : { group }), listed: lists.get(file.path) ?? [] };
  });
};

const look = async (ground: Ground): Promise<Looked> => {
  const { world, tools, certificates, root } = ground;
  const configDir = dirname(world.config.path);
  const places = [
    { path: world.store.dir, what: "every key and certificate in it" },
    { path: world.config.path, what: "what root's hourly run does" },
  ];
  const changeable = [];
  for (const { path, what } of places)
    changeable.push(...(await tools.offences(path)).map((offence) => changeableFinding(what, offence)));
  const owner = (await tools.factsOf(world.store.dir))?.uid ?? 0;
  const keys = await secretFiles(ground, await tools.secretsOfState());
  const others = await Promise.all(secretsElsewhere(certificates).map(tools.factsOf));
  const secrets = [...(await tools.secretsOfConfig(configDir)), ...others.filter((one) => one !== undefined)];
  const findings = [
    ...changeable,
    ...secretFindings("doctor-key", "private key", keys, owner),
    ...secretFindings("doctor-secret", "file with a secret", await secretFiles(ground, secrets), 0),
    ...listedFindings(keys),
  ];
  const count = keys.length + secrets.length;
  const well = `folders of the state and the configuration${root && count > 0 ? `, ${counted(count, "file")} with a secret` : ""}`;
  const looked = ofFindings(findings);
  return {
    ...looked,
    well: findings.some(({ severity }) => severity !== "info") ? [] : [well],
    unseen: root ? [] : ["files with keys and secrets: only root may look at them"],
  };
};

export const rightsLook: Look = { id: "rights", title: "rights", look };
