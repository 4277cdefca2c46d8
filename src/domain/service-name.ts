// What a server's service is called, for systemd and the init scripts, where its name is another one.
const services: Readonly<Record<string, string>> = {
  exim: "exim4",
  stunnel: "stunnel4",
  cyrus: "cyrus-imapd",
};

export const serviceOf = (server: string): string =>
  Object.hasOwn(services, server) ? (services[server] ?? server) : server;
