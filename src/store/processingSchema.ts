/* Until when custodians let a compromised version process (SP 800-57 part 1 r5 7.5). */
export const PROCESSING_SCHEMA = `
ALTER TABLE key_version ADD COLUMN process_until_ms REAL;
`;
