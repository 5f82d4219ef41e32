/** With which a client may sign its proofs: asymmetric, small and quick to verify. */
export const PROOF_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'] as const;
