import { fileURLToPath } from 'node:url';
import { generate, type CodegenConfig } from '@graphql-codegen/cli';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The console's types: from the committed schema, and the .graphql files that lie beside the pages. Running this file writes them anew. */
const config: CodegenConfig = {
  schema: here('../docs/reference/admin-api.graphql'),
  documents: here('src/**/*.graphql'),
  generates: {
    [here('src/graphql/')]: {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        skipTypename: false,
        strictScalars: true,
        scalars: { DateTime: 'string', JSON: 'unknown' },
      },
    },
  },
  silent: true,
};

export default config;

if (import.meta.main) await generate(config, true);
