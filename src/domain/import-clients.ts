// The ACME clients whose accounts and certificates can be taken over.

export const importClients = ["certbot", "acme.sh", "lego", "dehydrated"] as const;

export type ImportClient = (typeof importClients)[number];
