// What acme-client needs of axios while it is loaded, and nothing that can send a byte: the bundler puts this file in axios' place
// (`axios` alias in bin/build.js). Every request goes through transport.ts (design.md §6).

const nothing = (): void => undefined;

const refuse = (): never => {
  throw new Error("axios is not part of mailcert: requests go through issuers/acme/transport.ts");
};

/** acme-client makes one instance, sets defaults on it and hooks it. */
export const create = (): unknown => ({
  defaults: { headers: { common: {} } },
  interceptors: { request: { use: nothing }, response: { use: nothing } },
  request: refuse,
  get: refuse,
});

export const AxiosError = Error;
