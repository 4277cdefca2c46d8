// What a host in good order answers to doctor; a test says what is not in order.
import type { DoctorTools } from "../../src/usecases/doctor/tools.ts";

export const doctorTools = (over: Partial<DoctorTools> = {}): DoctorTools => ({
  uid: 0,
  systemd: async () => true,
  offences: async () => [],
  secretsOfState: async () => [],
  secretsOfConfig: async () => [],
  groupId: async () => undefined,
  factsOf: async (path) => ({ path, uid: 0, gid: 0, mode: 0o755, writtenMs: 0 }),
  accessLists: async () => new Map(),
  openAs: async (_reader, paths) => paths.map(() => ({ kind: "open" })),
  confinement: async () => ({ enforcing: false, mislabelled: [], dropIns: [] }),
  portHolders: async () => [{ pid: 1, program: "fake" }],
  serviceOf: async () => undefined,
  clock: async () => undefined,
  disk: async () => ({ inodes: 100_000, freeInodes: 90_000, mountPoint: "/", readOnly: false }),
  packageFacts: async () => undefined,
  missingPrograms: async () => [],
  lockHolder: async () => undefined,
  exists: async () => true,
  ...over,
});
