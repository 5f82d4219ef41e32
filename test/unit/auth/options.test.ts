import { describe, expect, it } from 'vitest';
import { authOptions } from '../../../src/auth/options.ts';

function withSchemes(allowedRedirectSchemes: string[]) {
  return authOptions.safeParse({
    owner: {},
    login: {},
    metadataDocuments: {},
    registration: { allowedRedirectSchemes },
  });
}

describe('the schemes that people may be sent back to', () => {
  it('may be those of desktop applications', () => {
    expect(withSchemes(['cursor', 'com.example.app']).success).toBe(true);
  });

  it.each(['javascript', 'data', 'vbscript', 'blob', 'file', 'http', 'https'])(
    'are never %s, which browsers handle themselves',
    (scheme) => {
      expect(withSchemes([scheme]).success).toBe(false);
    },
  );
});
