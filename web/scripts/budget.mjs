// Adds up what a signed-in reader's home loads, and fails the build when it grows too heavy.
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMITS = { js: 90_000, css: 20_000, requests: 12 };
/** The service worker is fetched again and again, by every browser that is told something. */
const WORKER = 3_000;
/** What home asks for once it has started: English, the home column, and the two columns beside it. */
const LOADED = ['src/lib/i18n/en.ts', 'src/pages/Timeline.svelte', 'src/pages/Notifications.svelte'];

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('build.json', dist), 'utf8'));
const html = readFileSync(new URL('index.html', dist), 'utf8');

const files = new Set([...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, file]) => file));
const seen = new Set();

function add(key) {
	if (seen.has(key)) return;
	seen.add(key);
	const chunk = manifest[key];
	if (!chunk) throw new Error(`${key} is not in the build`);
	files.add(chunk.file);
	chunk.css?.forEach((file) => files.add(file));
	chunk.imports?.forEach(add);
}
add('index.html');
LOADED.forEach(add);

const sizes = [...files].map((file) => ({ file, size: gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length }));
const total = (ending) => sizes.filter(({ file }) => file.endsWith(ending)).reduce((sum, { size }) => sum + size, 0);
const found = { js: total('.js'), css: total('.css'), requests: sizes.length };

for (const { file, size } of sizes.sort((a, b) => b.size - a.size)) console.log(`${String(size).padStart(8)}  ${file}`);
const over = Object.keys(LIMITS).filter((name) => found[name] > LIMITS[name]);
for (const name of Object.keys(LIMITS)) console.log(`${String(found[name]).padStart(8)}  ${name} (at most ${LIMITS[name]})`);

if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/i.test(html)) {
	console.error('index.html holds an inline script or style, which the Content-Security-Policy forbids.');
	process.exit(1);
}
if (!html.includes('<html lang="en" data-theme="auto">')) {
	console.error('index.html lost the placeholders that the server fills in.');
	process.exit(1);
}
if (over.length) {
	console.error(`Home is over its budget: ${over.join(', ')}.`);
	process.exit(1);
}
const worker = readFileSync(new URL('sw.js', dist));
const weight = gzipSync(worker, { level: 9 }).length;
console.log(`${String(weight).padStart(8)}  sw.js (at most ${WORKER})`);
if (weight > WORKER || /\bimport\b/.test(worker.toString())) {
	console.error('The service worker is over its budget, or is no longer one file.');
	process.exit(1);
}
rmSync(new URL('build.json', dist));
