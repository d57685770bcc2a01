// The description of Mastodon's API, held against the real binary by ../shared/conformance/openapi-check: a walk over every
// GET endpoint of a server on which much has happened. What is in scope, and where Mastodon itself differs from its
// description, stands in internal/server/servertest/contract.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { film } from './lib/films.mjs';
import { startServer, waitFor } from './lib/servers.mjs';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const shared = path.resolve(root, process.env.ANANCUS_SHARED || '../shared');
const description = path.join(shared, 'reference/openapi/schema.json');
const scopes = 'read write follow push profile';

let here, there, tool, schema, people;
/** Entities that cannot be here, and are in the tests of the server. */
const local = 'no text links to an address on localhost';
const notHere = new Map([['AnnouncementStatus', local], ['PreviewCard', local], ['PreviewCardAuthor', local]]);

const answers = new Map(); // endpoint → what was wrong with it, '' for nothing
const violations = new Map(); // 'Entity.key: rule' → where
const met = new Set();

/** One line of a table of ours for each object, by the names in its first line. */
async function table(name, columns) {
	const text = await readFile(path.join(root, 'internal/server/servertest/contract', name), 'utf8');
	const lines = text.trim().split('\n').filter((line) => !line.startsWith('#'));
	return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [columns[i], value])));
}

const plain = (name) => name.replace(/\{[^}]*\}/g, '{}');

/** Somebody with an account and an app. */
class Person {
	static async join(server, name, ...words) {
		const person = new Person();
		await server.command('account', 'create', name, '--email', `${name}@example.test`, '--password', 'mammut-borsoni-93', '--confirmed', '--approved', ...words);
		person.token = await server.command('token', 'create', name, '--scopes', scopes);
		person.url = server.url;
		person.id = (await person.get('/api/v1/accounts/verify_credentials')).id;
		return person;
	}

	async ask(method, at, body) {
		const response = await fetch(this.url + at, {
			method,
			headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) },
			body: body && JSON.stringify(body),
		});
		const text = await response.text();
		assert.ok(response.ok, `${method} ${at} answered ${response.status}: ${text.slice(0, 300)}`);
		return JSON.parse(text);
	}

	get = (at) => this.ask('GET', at);
	post = (at, body = {}) => this.ask('POST', at, body);
	publish = (status, extra = {}) => this.post('/api/v1/statuses', { status, ...extra });
	/** Sends a file and waits until it is ready. */
	async upload({ name, body }, description) {
		const form = new FormData();
		form.set('file', new Blob([body]), name);
		form.set('description', description);
		const sent = await fetch(`${this.url}/api/v2/media`, { method: 'POST', headers: { authorization: `Bearer ${this.token}` }, body: form });
		assert.ok(sent.ok, `uploading ${name} answered ${sent.status}`);
		const { id } = await sent.json();
		return waitFor(`${name} to be ready`, async () => { // films are converted when nothing else wants the processors
			await sleep(500);
			const one = await this.get(`/api/v1/media/${id}`);
			return one.url && one;
		}, 120);
	}

	act = (status, verb) => this.post(`/api/v1/statuses/${status.id}/${verb}`);
	follow = (id) => this.post(`/api/v1/accounts/${id}/follow`);
}

/** The smallest picture. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Lets happen on the server what the walk's own seeding does not bring about. */
async function live() {
	const day = new Date().toISOString().slice(0, 10);
	for (const [key, value] of [['contact-email', 'keepers@example.test'], ['extended-description', 'Who we are.'], ['privacy-policy', 'What we keep.'],
		['show-domain-blocks', 'all'], ['show-domain-blocks-rationale', 'all'], ['trends-threshold', '2'], ['trendable-by-default', 'true']]) {
		await here.command('settings', 'set', key, value);
	}
	await here.command('rule', 'add', 'Be kind');
	await here.command('terms', 'publish', `--effective=${day}`, 'Be kind, or leave.');

	const [ada, bo, cy, dee] = [await Person.join(here, 'ada', '--role', 'owner'), await Person.join(here, 'bo'), await Person.join(here, 'cy'), await Person.join(here, 'dee')];
	const zed = await Person.join(there, 'zed');
	for (const one of [ada, bo, cy, dee]) await one.ask('PATCH', '/api/v1/accounts/update_credentials', { discoverable: true });
	await here.command('suggestion', 'add', 'dee');
	for (const [one, other] of [[ada, bo], [bo, ada], [bo, cy], [cy, bo]]) await one.follow(other.id);

	const post = await ada.publish('What an elephant is #elephants', { quote_approval_policy: 'public' });
	for (const one of [dee, bo]) { // of a group, all but the last are shown in part
		await one.act(post, 'favourite');
		await waitFor('ada to be told', async () => (await ada.get('/api/v1/notifications?types[]=favourite')).some(({ account }) => account.id === one.id));
	}
	for (const one of [ada, bo, dee]) await one.publish('Read https://example.com/ #elephants');
	await waitFor('the link to trend', async () => JSON.parse(await here.command('trend', 'refresh', '--json')).links === 1);
	const drawing = path.join(tool, 'tusk.png');
	await writeFile(drawing, Buffer.from(dot, 'base64'));
	await here.command('emoji', 'add', 'tusk', drawing, '--category', 'elephants');
	await bo.publish('a spoiler');
	const quote = await bo.publish('as ada says', { quoted_status_id: post.id, quote_approval_policy: 'public' });
	const nested = await cy.publish('as bo says', { quoted_status_id: quote.id });
	await dee.publish('@ada psst', { visibility: 'direct' });
	await bo.post('/api/v1/collections', { name: 'who knows', sensitive: false, discoverable: true, tag_name: 'elephants', account_ids: [ada.id, cy.id] });
	await ada.post(`/api/v1/accounts/${cy.id}/mute`, { duration: 3600 });
	await here.command('announcement', 'add', `Read what @ada wrote, ${post.url}`);
	const [announcement] = await waitFor('the announcement', async () => (await bo.get('/api/v1/announcements')).slice(0, 1));
	await bo.ask('PUT', `/api/v1/announcements/${announcement.id}/reactions/${encodeURIComponent('👍')}`, {});

	await here.command('domain', 'block', 'spam.example', '--severity', 'silence', '--public-comment', 'Nothing but spam.');
	await here.command('account', 'mark-sensitive', 'ada', '--reason', 'So much of it is bare.');
	await waitFor('ada to be warned', async () => (await ada.get('/api/v1/notifications?types[]=moderation_warning')).length);

	// A server far away, followed and then blocked.
	const { accounts: [far] } = await ada.get(`/api/v2/search?resolve=true&type=accounts&q=@zed@${there.domain}`);
	await ada.follow(far.id);
	await waitFor('ada to follow zed', async () => (await ada.get(`/api/v1/accounts/relationships?id[]=${far.id}`))[0].following);
	await zed.publish('from far away');
	await ada.post('/api/v1/domain_blocks', { domain: there.domain });
	await waitFor('ada to be told', async () => (await ada.get('/api/v1/notifications?types[]=severed_relationships')).length);
	return { ada, bo, dee, nested, post };
}

before(async () => {
	tool = await mkdtemp(path.join(os.tmpdir(), 'openapi-check-'));
	await cp(path.join(shared, 'conformance/openapi-check'), tool, { recursive: true, filter: (from) => !from.includes('node_modules') });
	await run('chmod', ['-R', 'u+w', tool]); // it may be kept where nobody writes
	await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: tool });
	const { Schema } = await import(path.join(tool, 'schema.mjs'));
	schema = new Schema(description);
	[here, there] = [await startServer('one'), await startServer('two')];
	people = await live();
});

after(async () => {
	for (const server of [here, there]) await server?.stop();
	if (tool) await rm(tool, { recursive: true, force: true });
});

function remember(endpoint, list) {
	answers.set(plain(endpoint), '');
	for (const { at, rule, got } of list) violations.set(`${at}: ${rule}`, `${endpoint}, got ${got}`);
}

/** Holds an answer, or an entity in one, against the description, as the walk does. */
function hold(endpoint, answer, entity) {
	const pointer = entity ? `/components/schemas/${entity}` : schema.responsePointer(described(endpoint));
	if (entity) met.add(entity);
	if (!pointer) return remember(endpoint, []); // of some the description tells no shape
	schema.walk(pointer, answer, (name) => met.add(name));
	remember(endpoint, schema.violations(pointer, answer));
}

/** The description has names of its own for what stands in a path. */
const described = (endpoint) => schema.gets().find(({ path: at }) => plain(at) === plain(endpoint)).path;

test('the walk', async () => {
	const { ada, bo } = people;
	const report = path.join(tool, 'report.json');
	// A token may begin with a dash, and would be taken for an option.
	const words = ['index.mjs', here.url, '--seed', `--token2=${bo.token}`, '--schema', description, '--json', report];
	const { stdout } = await run('node', words, { cwd: tool, timeout: 120_000, env: { ...process.env, TOKEN: ada.token } });
	console.log(stdout);
	const found = JSON.parse(await readFile(report, 'utf8'));
	for (const name of Object.keys(found.entities)) met.add(name);
	for (const one of found.endpoints) answers.set(plain(one.path), one.outcome === 'ok' ? '' : `${one.outcome} ${one.status ?? ''} ${one.why}`);
	for (const one of found.violations) violations.set(`${one.at}: ${one.rule}`, `${one.endpoints[0]}, got ${one.got}`);
	assert.deepEqual(found.seedFailures, [], 'steps of the seeding that failed');
});

test('what the walk cannot know how to ask', async () => {
	const { ada, dee, nested, post } = people;
	hold('/api/v1_alpha/async_refreshes/{id}', await ada.get(`/api/v1_alpha/async_refreshes/home:${ada.id}`));
	hold('/api/v1/accounts/{id}/in_collections', await ada.get(`/api/v1/accounts/${ada.id}/in_collections`)); // one's own only
	hold('/api/v1/notifications', await ada.get('/api/v1/notifications?supported_types[]=mention&limit=80'));
	hold('/api/v2/notifications', await ada.get('/api/v2/notifications?supported_types[]=mention'));
	hold('/api/v2/notifications', await ada.get('/api/v2/notifications?types[]=favourite&expand_accounts=partial_avatars'));
	for (const marker of Object.values(await ada.get('/api/v1/markers?timeline[]=home'))) hold('/api/v1/markers', marker, 'Marker');
	const { quote } = await ada.get(`/api/v1/statuses/${nested.id}`);
	assert.ok(quote.quoted_status.quote.quoted_status_id, 'a quote within a quote is an id');
	hold('/api/v1/statuses/{id}', quote.quoted_status.quote, 'ShallowQuote');
	for (const kind of ['video', 'audio', 'gifv']) { // pictures are part of the walk
		const one = await film(kind);
		if (!one) continue;
		const ready = await ada.upload(one, `a ${kind}`);
		assert.equal(ready.type, kind);
		hold('/api/v1/media/{id}', ready);
		const { media_attachments: shown } = await ada.publish(`a ${kind}`, { media_ids: [ready.id] });
		hold('/api/v1/statuses/{id}', await ada.get(`/api/v1/statuses/${(await ada.get(`/api/v1/accounts/${ada.id}/statuses?only_media=true&limit=1`))[0].id}`));
		assert.deepEqual(shown.map(({ type, url }) => [type, Boolean(url)]), [[kind, true]]);
	}
	const named = await ada.publish('Two :tusk:');
	hold('/api/v1/statuses/{id}', await ada.get(`/api/v1/statuses/${named.id}`));
	assert.deepEqual(named.emojis.map(({ shortcode }) => shortcode), ['tusk']);
	const report = await dee.post('/api/v1/reports', { account_id: ada.id, status_ids: [post.id], comment: 'about elephants' });
	hold('/api/v1/notifications', report, 'Report'); // which notifications for keepers will carry
});

test('nothing differs from the description without a reason', async () => {
	const excused = new Map();
	for (const { place, does, why } of await table('exceptions.tsv', ['place', 'does', 'why'])) {
		const words = place.replace(/^defs\//, '').split('/');
		if (['null', 'any', 'optional'].includes(does)) excused.set(words.filter((word) => !['properties', 'required'].includes(word)).join('.'), why);
	}
	const left = [...violations].filter(([what]) => !excused.has(what.split(':')[0].replace(/ \(.*\)$/, 'Enum')));
	assert.deepEqual(left, []);
});

test('every endpoint in scope answers', async () => {
	const endpoints = await table('endpoints.tsv', ['method', 'path', 'area', 'door', 'scopes', 'when']);
	const refused = new Map((await table('exceptions.tsv', ['place', 'does', 'why'])).filter((one) => one.does === 'refused').map((one) => [plain(one.place), one.why]));
	const wanted = new Set(endpoints.filter((one) => one.method === 'GET' && one.when === 'in').map((one) => plain(one.path)));
	const page = '/oauth/authorize'; // for people: the walk leaves it out, and so do we
	const bad = [];
	const elsewhere = [];
	for (const { path: at } of schema.gets()) {
		const wrong = answers.get(plain(at)) ?? 'was not asked';
		const documented = /^absent 404/.test(wrong) && refused.has(`GET ${plain(at)}`);
		if (wrong && !documented && at !== page) (wanted.has(plain(at)) ? bad : elsewhere).push(`${at} ${wrong}`);
	}
	console.log(`of other parts (streams, what is no more):\n  ${elsewhere.join('\n  ')}`);
	assert.deepEqual(bad, []);
	const asked = schema.gets().filter(({ path: at }) => wanted.has(plain(at))).length;
	console.log(`${asked} GET endpoints in scope are described, ${asked - bad.length} answer as they should`);
	assert.ok(asked > 90, `${asked} endpoints were asked`);
});

test('every entity in scope is met', async () => {
	const unseen = new Set((await table('exceptions.tsv', ['place', 'does', 'why'])).filter((one) => one.does === 'unseen').map((one) => one.place.replace('defs/', '')));
	const scope = new Set((await table('endpoints.tsv', ['method', 'path', 'area', 'door', 'scopes', 'when'])).filter((one) => one.method === 'GET' && one.when === 'in').map((one) => plain(one.path)));
	const wanted = new Set();
	const reach = (node) => {
		if (node === null || typeof node !== 'object') return;
		const name = node.$ref?.split('/').pop();
		if (!name) return Object.values(node).forEach(reach);
		const entity = schema.doc.components.schemas[name];
		if (wanted.has(name) || !entity) return;
		if (entity.properties || entity.allOf) wanted.add(name);
		reach(entity);
	};
	for (const { path: at } of schema.gets()) if (scope.has(plain(at))) reach(schema.doc.paths[at].get.responses['200']?.content?.['application/json']?.schema);
	const missed = [...wanted].filter((name) => !met.has(name) && !unseen.has(name) && !notHere.has(name)).sort();
	console.log(`entities met: ${[...met].sort().join(' ')}`);
	console.log(`entities that cannot be met here: ${[...unseen, ...notHere.keys()].join(' ')}`);
	assert.deepEqual(missed, []);
});
