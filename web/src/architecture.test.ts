import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** Imports go down, never up: what a person sees, the nouns, the session, and tools that know nothing of us. */
const floors = [
	['lib/ui', 'lib/text', 'lib/i18n', 'lib/api', 'lib/push'],
	['lib/session'],
	['lib/accounts', 'lib/statuses', 'lib/timelines', 'lib/notifications', 'lib/compose'],
	['deck', 'pages', ''],
];
const floorOf = (file: string) =>
	floors.findIndex((rooms) => rooms.some((room) => (room ? file.startsWith(`${room}/`) : !file.startsWith('lib/'))));

it('imports go one way', () => {
	const upward: string[] = [];
	for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
		if (!entry.isFile() || !/\.(ts|svelte)$/.test(entry.name)) continue;
		const file = relative('src', join(entry.parentPath, entry.name));
		for (const [, target] of readFileSync(join('src', file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
			const wanted = join(dirname(file), target!);
			if (floorOf(wanted) > floorOf(file)) upward.push(`${file} → ${wanted}`);
		}
	}
	expect(upward).toEqual([]);
});

it('the tools of the interface have never heard of a status', () => {
	const found = readdirSync('src/lib/ui').filter((name) => /\bstatus(es)?\.svelte|entities'/.test(readFileSync(join('src/lib/ui', name), 'utf8')));
	expect(found).toEqual([]);
});
