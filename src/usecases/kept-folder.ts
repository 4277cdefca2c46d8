// Folders that the configuration names (`bundle:`): renewals write them as it says, so what one run asks for besides goes elsewhere.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import type { BundleOptions } from "./bundle.ts";
import type { World } from "./world.ts";

/** The folder as the configuration writes it, and the certificate that it is for; also where `dir` leads there by links. */
const keptAs = async (
  world: World,
  { folder }: BundleDeps,
  dir: string,
): Promise<{ readonly kept: string; readonly by: CertificateConfig } | undefined> => {
  const real = await folder.real(dir);
  for (const by of (await world.config.read())?.certificates ?? []) {
    const { bundle: kept } = by;
    if (kept !== undefined && (await folder.real(kept)) === real) return { kept, by };
  }
  return undefined;
};

/** One person's profile would be handed to everybody, and the next renewal would take it, or another address of the page, out again. @throws Failure `usage` */
export const refuseInKeptFolder = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  { dir, account, url }: Pick<BundleOptions, "dir" | "account" | "url">,
): Promise<void> => {
  const address = account?.address;
  if (address === undefined && url === undefined) return;
  const found = await keptAs(world, deps, dir);
  if (found === undefined) return;
  const { kept, by } = found;
  if (address !== undefined)
    throw new Failure("usage", `--for goes with another folder: ${kept} is for everybody (bundle: of ${by.name})`, {
      hints: [
        `write it into a folder of its own: mailcert bundle ${shellWord(certificate.name)} --for ${shellWord(address)} --out DIR`,
      ],
    });
  if (url !== by.bundleUrl)
    throw new Failure("usage", `--url goes with another folder: ${kept} is kept up to date as the configuration says`, {
      hints: [`say it there, beside bundle: bundle_url: ${url}`, "or write into another folder: --out DIR"],
    });
};
