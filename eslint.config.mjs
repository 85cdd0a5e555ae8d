import js from '@eslint/js'
import tseslint from 'typescript-eslint'

// What the compiler and the import law don't see. Type-checked rules, few of our own.
export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/generated/',
      '**/.tools/',
      '**/.studio/',
      '**/.turbo/',
      '**/coverage/',
      '**/*.{js,cjs,mjs}',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-undef': 'off', // the compiler's job
      eqeqeq: 'error',
      'max-lines': ['error', { max: 500 }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Ports are objects of functions that close over what they need: there is no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // Handlers of routes, activities and ports are async by contract, with or without an await inside.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    // Configuration enters a process in one place.
    files: ['services/*/src/**', 'workflows/*/src/**', 'libs/*/src/**'],
    ignores: [
      '**/config.ts',
      '**/*.test.ts',
      'libs/config/**',
      'libs/supervisor/**',
      'libs/testing/**',
      'libs/kernel/src/failpoint.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.test.ts', '**/tests/**'],
    rules: {
      // Answers of unknown shape and matchers (typed any) are what tests are made of.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
)
