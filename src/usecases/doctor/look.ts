// What one look of doctor is given, and what it is: the configuration that was read, the servers that were found, each asked for once.
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import type { DoctorFinding, Looked } from "../../domain/doctor/finding.ts";
import type { LockHolder } from "../../domain/doctor/lock.ts";
import type { Failure } from "../../domain/failure.ts";
import type { PreflightFinding } from "../../domain/preflight.ts";
import type { CertificateState } from "../../store/store.ts";
import type { Deployable, FoundServers } from "../entries.ts";
import type { World } from "../world.ts";
import type { DoctorTools } from "./tools.ts";

export interface Ground {
  readonly world: World;
  readonly tools: DoctorTools;
  readonly root: boolean;
  readonly systemd: boolean;
  /** Names that the command line says; empty: all. */
  readonly only: readonly string[];
  /** Those of the configuration that are asked about. */
  readonly certificates: readonly CertificateConfig[];
  /** Why the configuration cannot be read. */
  readonly configTrouble?: Failure;
  /** The servers of a certificate. */
  readonly found: (certificate: CertificateConfig) => Promise<FoundServers | Failure>;
  /** Every server of this host that some certificate is for, once; without a certificate those that are found. Copies are none. */
  readonly servers: () => Promise<readonly Deployable[]>;
  /** Of an ACME certificate; nothing for the others, and nothing where this run is not root's. */
  readonly preflight: (certificate: CertificateConfig) => Promise<readonly PreflightFinding[]>;
  /** The run that holds the lock of the state; undefined: none, or nobody who may ask. */
  readonly atWork?: LockHolder;
  /** undefined: none, or one that cannot be read. */
  readonly state: (name: string) => CertificateState | undefined;
}

export interface Look {
  readonly id: string;
  readonly title: string;
  /** Without it this look sees nothing; the others see what they can. */
  readonly needsRoot?: true;
  /** `told`: what those before it have found. */
  readonly look: (ground: Ground, told: readonly DoctorFinding[]) => Promise<Looked>;
}
