// A server that others wrote, both ways: the same walk over Mastodon's client API of two servers that only meet on the wire. It is
// skipped unless the servers are named, both running, each with a member's token that may read, write and follow:
//
//	FOREIGN_OURS=https://a.test FOREIGN_OURS_TOKEN=… FOREIGN_THEIRS=https://b.test FOREIGN_THEIRS_TOKEN=… node --test e2e/foreign.test.mjs
//
// FOREIGN_UNABLE names, with semicolons, the steps that a server cannot do by its own word ("theirs: edit; ours: poll"); FOREIGN_PATIENCE is how
// many seconds a step may take (60). What a server has no entrance for (404, 405, 501) is told as skipped too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const env = process.env;
const named = env.FOREIGN_OURS && env.FOREIGN_THEIRS;
const unable = new Set((env.FOREIGN_UNABLE ?? '').split(';').map((s) => s.trim()));
const patience = Number(env.FOREIGN_PATIENCE ?? 60) * 1000;
const run = Date.now().toString(36); // told from what was left by an earlier walk

/** A picture of one pixel. */
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');

class Refused extends Error {
	constructor(method, path, status, body) {
		super(`${method} ${path} answered ${status}: ${body.slice(0, 300)}`);
		this.status = status;
	}
}

/** A member on one of the servers. */
class Side {
	constructor(name, url, token) {
		Object.assign(this, { name, url, token, host: new URL(url).host });
	}

	async ask(method, path, form) {
		const body = form && !(form instanceof FormData) ? new URLSearchParams(form) : form;
		const answer = await fetch(this.url + path, { method, body, headers: { Authorization: `Bearer ${this.token}`, Accept: 'application/json' } });
		const text = await answer.text();
		if (!answer.ok) throw new Refused(method, path, answer.status, text);
		return text ? JSON.parse(text) : null;
	}

	get = (path) => this.ask('GET', path);
	post = (path, form = []) => this.ask('POST', path, form);

	async meet() {
		this.me = await this.get('/api/v1/accounts/verify_credentials');
		this.acct = this.me.acct.includes('@') ? this.me.acct : `${this.me.username}@${this.host}`;
		this.actor = this.me.uri;
	}

	/** The other member as this server knows them. */
	async find(other) {
		const found = await this.get(`/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent('@' + other.acct)}`);
		const account = found.accounts.find((a) => a.acct.toLowerCase() === other.acct.toLowerCase());
		assert.ok(account, `${this.name} does not find @${other.acct}: ${JSON.stringify(found.accounts.map((a) => a.acct))}`);
		return account;
	}

	async towards(other) {
		const [relation] = await this.get(`/api/v1/accounts/relationships?id[]=${(await this.other(other)).id}`);
		return relation;
	}

	async other(other) {
		this.known ??= await this.find(other);
		return this.known;
	}

	publish(text, extra = []) {
		return this.post('/api/v1/statuses', [['status', text], ...extra]);
	}

	show = (id) => this.get(`/api/v1/statuses/${id}`);

	/** A status that came by itself: in the home timeline, or in what the member was told. */
	async received(uri) {
		const same = (s) => s && (s.uri === uri || s.url === uri);
		for (const status of await this.get('/api/v1/timelines/home?limit=40')) {
			if (same(status)) return status;
			if (same(status.reblog)) return status.reblog;
		}
		return (await this.get('/api/v1/notifications?limit=40')).map((n) => n.status).find(same);
	}

	async told(type, by, about) {
		const all = await this.get('/api/v1/notifications?limit=40');
		return all.find((n) => n.type === type && n.account.acct.toLowerCase() === by.acct.toLowerCase() && (!about || n.status?.id === about || n.status?.reblog?.id === about));
	}
}

/** Asks again until the answer is true enough. */
async function until(what, ask) {
	const end = Date.now() + patience;
	let last;
	for (;;) {
		try {
			const answer = await ask();
			if (answer) return answer;
			last = undefined;
		} catch (error) {
			if (!(error instanceof Refused || error instanceof assert.AssertionError)) throw error;
			last = error;
		}
		if (Date.now() > end) assert.fail(`it did not come to pass: ${what}${last ? ` (${last.message})` : ''}`);
		await sleep(500);
	}
}

const plain = (html) => html.replace(/<br ?\/?>/g, '\n').replace(/<[^>]*>/g, '').replace(/&#39;/g, "'").replace(/&quot;/g, '"').replace(/&amp;/g, '&');

async function gone(side, id) {
	try {
		await side.show(id);
		return false;
	} catch (error) {
		if (error.status === 404 || error.status === 410) return true;
		throw error;
	}
}

const outcomes = [];

/** One step of the walk. What the acting server cannot do is skipped, not failed. */
function step(name, body) {
	test(name, async (t) => {
		if (unable.has(name)) {
			outcomes.push([name, 'unable']);
			return t.skip('the server cannot do this');
		}
		try {
			await body();
			outcomes.push([name, 'ok']);
		} catch (error) {
			if (error instanceof Refused && [404, 405, 501].includes(error.status) && !error.message.includes('/search')) {
				outcomes.push([name, `no entrance: ${error.message}`]);
				return t.skip(error.message);
			}
			outcomes.push([name, `FAILED: ${error.message}`]);
			throw error;
		}
	});
}

const ours = new Side('ours', env.FOREIGN_OURS ?? 'http://ours.invalid', env.FOREIGN_OURS_TOKEN);
const theirs = new Side('theirs', env.FOREIGN_THEIRS ?? 'http://theirs.invalid', env.FOREIGN_THEIRS_TOKEN);

describe('a walk with a server that others wrote', { skip: !named && 'FOREIGN_OURS and FOREIGN_THEIRS name no servers', concurrency: 1 }, () => {
	before(async () => {
		for (const side of [ours, theirs]) {
			await side.meet();
			await side.ask('PATCH', '/api/v1/accounts/update_credentials', [['locked', 'false']]);
		}
	});
	after(() => {
		for (const [name, outcome] of outcomes) console.log(`${name}\t${outcome}`);
	});

	step('both: find each other', async () => {
		for (const [a, b] of [[ours, theirs], [theirs, ours]]) {
			const other = await a.other(b);
			for (const what of ['unblock', 'unfollow']) await a.post(`/api/v1/accounts/${other.id}/${what}`).catch(() => {}); // what an earlier walk left
		}
		for (const [a, b] of [[ours, theirs], [theirs, ours]]) await until('nobody follows', async () => !(await b.towards(a)).followed_by);
	});
	for (const [a, b] of [[ours, theirs], [theirs, ours]]) {
		step(`${a.name}: follow`, async () => {
			const other = await a.other(b);
			await a.post(`/api/v1/accounts/${other.id}/follow`);
			await until('the follow is accepted', async () => (await a.towards(b)).following);
			await until('the followed is told', () => b.told('follow', a));
			await until('the followed sees it', async () => (await b.towards(a)).followed_by);
		});
	}

	for (const [a, b] of [[ours, theirs], [theirs, ours]]) {
		const posts = {};
		const say = (what) => `${what} ${run}`;
		const arrives = (s) => until(`${s.uri} arrives`, () => b.received(s.uri));

		step(`${a.name}: public post`, async () => {
			posts.public = await a.publish(`${say('hello')} & "more"\nsecond line https://example.com/a`, [['visibility', 'public'], ['language', 'en']]);
			const there = await arrives(posts.public);
			assert.equal(there.visibility, 'public');
			assert.match(plain(there.content), new RegExp(`${say('hello')} & ["“]more["”]\\s*second line https://example.com/a`));
			assert.equal(there.account.acct.toLowerCase(), a.acct.toLowerCase());
			posts.there = there;
		});
		for (const [visibility, others] of [['unlisted', ['unlisted']], ['private', ['private']]]) {
			step(`${a.name}: ${visibility} post`, async () => {
				const there = await arrives(await a.publish(say(visibility), [['visibility', visibility]]));
				assert.ok(others.includes(there.visibility), `it is shown as ${there.visibility}`);
			});
		}
		step(`${a.name}: direct post`, async () => {
			const post = await a.publish(`@${b.acct} ${say('direct')}`, [['visibility', 'direct']]);
			const there = await arrives(post);
			assert.equal(there.visibility, 'direct');
			await until('the named is told', () => b.told('mention', a, there.id));
		});
		step(`${a.name}: content warning`, async () => {
			const there = await arrives(await a.publish(say('behind'), [['spoiler_text', 'careful'], ['sensitive', 'true'], ['visibility', 'public']]));
			assert.equal(there.spoiler_text, 'careful');
			assert.equal(there.sensitive, true);
		});
		step(`${a.name}: hashtag`, async () => {
			const there = await arrives(await a.publish(`${say('with')} #Wal${run}`, [['visibility', 'public']]));
			assert.ok(there.tags.some((tag) => tag.name.toLowerCase() === `wal${run}`), JSON.stringify(there.tags));
		});
		step(`${a.name}: picture with a description`, async () => {
			const form = new FormData();
			form.set('file', new Blob([pixel], { type: 'image/png' }), 'pixel.png');
			form.set('description', 'one pixel, "quoted" & more');
			const media = await a.ask('POST', '/api/v2/media', form);
			const there = await arrives(await a.publish(say('picture'), [['media_ids[]', media.id], ['visibility', 'public']]));
			assert.equal(there.media_attachments.length, 1);
			assert.equal(there.media_attachments[0].description, 'one pixel, "quoted" & more');
			await until('the picture can be had', async () => {
				const [file] = (await b.show(there.id)).media_attachments;
				return file.type === 'image' && (await fetch(file.url ?? file.remote_url)).ok;
			});
		});
		step(`${a.name}: custom emoji`, async () => {
			const [emoji] = await a.get('/api/v1/custom_emojis');
			if (!emoji) throw new Refused('GET', '/api/v1/custom_emojis', 404, 'it has none');
			const there = await arrives(await a.publish(`${say('emoji')} :${emoji.shortcode}:`, [['visibility', 'public']]));
			assert.deepEqual(there.emojis.map((e) => e.shortcode), [emoji.shortcode]);
		});
		step(`${a.name}: reply`, async () => {
			const question = await b.publish(say('what do you say'), [['visibility', 'public']]);
			const here = await until('the question arrives', () => a.received(question.uri));
			const answer = await a.publish(`@${b.acct} ${say('this')}`, [['in_reply_to_id', here.id], ['visibility', 'public']]);
			const there = await arrives(answer);
			assert.equal(there.in_reply_to_id, question.id);
			if (b === ours) assert.ok(there.mentions.some((m) => m.acct === b.me.acct), JSON.stringify(there.mentions));
			posts.question = question;
			posts.here = here;
			await until('the asker is told', () => b.told('mention', a, there.id));
			await until('the thread holds the answer', async () => (await b.get(`/api/v1/statuses/${question.id}/context`)).descendants.some((s) => s.id === there.id));
		});
		step(`${a.name}: favourite and take it back`, async () => {
			await a.post(`/api/v1/statuses/${posts.here.id}/favourite`);
			await until('the favourite is counted', async () => (await b.show(posts.question.id)).favourites_count === 1);
			await until('the author is told', () => b.told('favourite', a, posts.question.id));
			await a.post(`/api/v1/statuses/${posts.here.id}/unfavourite`);
			await until('the favourite is gone', async () => (await b.show(posts.question.id)).favourites_count === 0);
		});
		step(`${a.name}: boost`, async () => {
			await a.post(`/api/v1/statuses/${posts.here.id}/reblog`);
			await until('the boost is counted', async () => (await b.show(posts.question.id)).reblogs_count === 1);
			await until('the author is told', () => b.told('reblog', a, posts.question.id));
		});
		step(`${a.name}: take a boost back`, async () => {
			await a.post(`/api/v1/statuses/${posts.here.id}/unreblog`);
			await until('the boost is gone', async () => (await b.show(posts.question.id)).reblogs_count === 0);
		});
		step(`${a.name}: boost of an own post`, async () => {
			await a.post(`/api/v1/statuses/${posts.public.id}/reblog`);
			const { id } = await b.other(a); // the home timeline may leave out the boost of what was there just now
			await until('the boost is among their posts', async () => (await b.get(`/api/v1/accounts/${id}/statuses?limit=40`)).some((s) => s.reblog?.id === posts.there.id));
		});
		step(`${a.name}: edit`, async () => {
			const post = await a.publish(say('befor'), [['visibility', 'public']]);
			const there = await arrives(post);
			await sleep(1100); // times on the wire are whole seconds
			await a.ask('PUT', `/api/v1/statuses/${post.id}`, [['status', say('after')]]);
			const edited = await until('the edit arrives', async () => {
				const now = await b.show(there.id);
				return plain(now.content).includes(say('after')) && now;
			});
			assert.ok(edited.edited_at, 'it says that it was edited');
		});
		step(`${a.name}: poll, voted in from the other side`, async () => {
			const post = await a.publish(say('which'), [['poll[options][]', 'left'], ['poll[options][]', 'right'], ['poll[expires_in]', '3600'], ['poll[multiple]', 'false'], ['visibility', 'public']]);
			const there = await arrives(post);
			assert.deepEqual(there.poll.options.map((o) => o.title), ['left', 'right']);
			assert.equal(there.poll.multiple, false);
			assert.ok(!there.poll.expired && there.poll.expires_at);
			await b.post(`/api/v1/polls/${there.poll.id}/votes`, [['choices[]', '1']]);
			await until('the vote is counted', async () => (await a.show(post.id)).poll.options[1].votes_count === 1);
			assert.equal((await a.show(post.id)).poll.votes_count, 1);
			await until('the voter is shown as one', async () => (await b.show(there.id)).poll.voted);
		});
		step(`${a.name}: poll of several choices`, async () => {
			const post = await a.publish(say('which of them'), [['poll[options][]', 'red'], ['poll[options][]', 'green'], ['poll[options][]', 'blue'], ['poll[expires_in]', '3600'], ['poll[multiple]', 'true'], ['visibility', 'public']]);
			const there = await arrives(post);
			assert.equal(there.poll.multiple, true);
			await b.post(`/api/v1/polls/${there.poll.id}/votes`, [['choices[]', '0'], ['choices[]', '2']]);
			await until('both votes are counted', async () => {
				const { options } = (await a.show(post.id)).poll;
				return options[0].votes_count === 1 && options[1].votes_count === 0 && options[2].votes_count === 1;
			});
		});
		step(`${a.name}: delete`, async () => {
			const post = await a.publish(say('soon gone'), [['visibility', 'public']]);
			const there = await arrives(post);
			await a.ask('DELETE', `/api/v1/statuses/${post.id}`);
			await until('it is gone there', () => gone(b, there.id));
		});
		step(`${a.name}: profile`, async () => {
			await a.ask('PATCH', '/api/v1/accounts/update_credentials', [['display_name', `Name ${run}`], ['note', `About ${run}`], ['fields_attributes[0][name]', 'Run'], ['fields_attributes[0][value]', run]]);
			const { id } = await b.other(a);
			const seen = await until('the new name is known', async () => {
				const account = await b.get(`/api/v1/accounts/${id}`);
				return account.display_name === `Name ${run}` && account;
			});
			assert.match(plain(seen.note), new RegExp(`About ${run}`));
			assert.deepEqual(seen.fields.map((f) => [f.name, plain(f.value)]), [['Run', run]]);
		});
	}

	for (const [a, b] of [[ours, theirs], [theirs, ours]]) {
		step(`${a.name}: unfollow`, async () => {
			const other = await a.other(b);
			await a.post(`/api/v1/accounts/${other.id}/unfollow`);
			await until('the other side knows', async () => !(await b.towards(a)).followed_by);
		});
		const ask = async () => {
			await a.post(`/api/v1/accounts/${(await a.other(b)).id}/follow`);
			return until('the request arrives', async () => (await b.get('/api/v1/follow_requests')).find((r) => r.acct.toLowerCase() === a.acct.toLowerCase()));
		};
		step(`${a.name}: follow of a locked account, accepted`, async () => {
			await b.ask('PATCH', '/api/v1/accounts/update_credentials', [['locked', 'true']]);
			const request = await ask();
			if (a === ours) assert.equal((await a.towards(b)).requested, true);
			await b.post(`/api/v1/follow_requests/${request.id}/authorize`);
			await until('the acceptance arrives', async () => (await a.towards(b)).following);
			await sleep(5000); // snac2 shows it before it read it, and would take back what it does not know
			await a.post(`/api/v1/accounts/${(await a.other(b)).id}/unfollow`);
			await until('the follow is gone', async () => !(await b.towards(a)).followed_by);
		});
		step(`${a.name}: follow of a locked account, rejected`, async () => {
			const request = await ask();
			await b.post(`/api/v1/follow_requests/${request.id}/reject`);
			await until('the rejection arrives', async () => {
				const now = await a.towards(b);
				return !now.requested && !now.following;
			});
		});
		step(`${a.name}: follow once more`, async () => {
			await b.ask('PATCH', '/api/v1/accounts/update_credentials', [['locked', 'false']]);
			await a.post(`/api/v1/accounts/${(await a.other(b)).id}/unfollow`).catch(() => {}); // a request that nobody answered
			await a.post(`/api/v1/accounts/${(await a.other(b)).id}/follow`);
			await until('the follow holds', async () => (await b.towards(a)).followed_by && (await a.towards(b)).following);
		});
		step(`${b.name}: block and take it back`, async () => {
			const other = await b.other(a);
			await b.post(`/api/v1/accounts/${other.id}/block`);
			await until('the follow ends', async () => !(await a.towards(b)).following);
			await b.post(`/api/v1/accounts/${other.id}/unblock`);
			assert.equal((await b.towards(a)).blocking, false);
		});
	}
});
