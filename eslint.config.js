import typescript from '@typescript-eslint/parser';
import vue from 'eslint-plugin-vue';
import accessibility from 'eslint-plugin-vuejs-accessibility';
import vueParser from 'vue-eslint-parser';

/*
 * oxlint reads scripts and is much faster; ESLint is here for the two things oxlint cannot see: templates, and decorators, which the
 * compiler accepts and Node refuses to start.
 */
const noDecorators = [
  'error',
  {
    selector: 'Decorator',
    message: 'Node runs these files as they are and knows no decorators: call the function instead.',
  },
];

export default [
  { ignores: ['**/dist/**', 'data/**', 'docs/**', 'node_modules/**', 'admin-ui/src/graphql/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: typescript, sourceType: 'module' },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: { 'no-restricted-syntax': noDecorators },
  },
  ...vue.configs['flat/recommended'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  ...accessibility.configs['flat/recommended'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: typescript, sourceType: 'module' } },
    rules: {
      'no-restricted-syntax': noDecorators,
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/no-unused-refs': 'error',
      'vue/no-static-inline-styles': 'error',

      // One word names a noun here, and oxfmt lays the templates out.
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-closing-bracket-spacing': 'off',
      'vue/first-attribute-linebreak': 'off',
      // Types already say which props may be missing.
      'vue/require-default-prop': 'off',

      // Safari forgets that an unmarked list is a list, unless it is told.
      'vuejs-accessibility/no-redundant-roles': ['error', { ul: ['list'], ol: ['list'] }],
      // A page that asks for one thing may begin in its field.
      'vuejs-accessibility/no-autofocus': 'off',
      // A label may name its control by nesting or by id; either is enough.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
];
