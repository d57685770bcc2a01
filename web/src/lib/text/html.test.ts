import { describe, expect, it } from 'vitest';
import { emojiNodes, plainText, safeNodes } from './html';

const render = (html: string, rendering = {}) => {
	const div = document.createElement('div');
	div.append(safeNodes(html, rendering));
	return div;
};

describe('server HTML', () => {
	const attacks: [name: string, html: string][] = [
		['script', '<p>a<script>alert(1)</script></p>'],
		['image with a handler', '<img src=x onerror=alert(1)>'],
		['handler on an allowed tag', '<p onclick="alert(1)" onmouseover=alert(1)>a</p>'],
		['javascript link', '<a href="javascript:alert(1)">a</a>'],
		['javascript link in disguise', '<a href=" java\nscript:alert(1)">a</a>'],
		['data link', '<a href="data:text/html,<script>alert(1)</script>">a</a>'],
		['svg', '<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)">a</a></svg>'],
		['mathml', '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>'],
		['iframe', '<iframe src="https://evil.example"></iframe>'],
		['style', '<p style="position:fixed;inset:0">a</p><style>*{display:none}</style>'],
		['form', '<form action="https://evil.example"><input name=q><button>a</button></form>'],
		['template', '<template><img src=x onerror=alert(1)></template>'],
		['unclosed', '<p><a href="https://ok.example" title="><img src=x onerror=alert(1)>'],
		['noscript', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">'],
		['base and meta', '<base href="https://evil.example"><meta http-equiv=refresh content="0;url=https://evil.example">'],
	];
	it.each(attacks)('disarms: %s', (_, html) => {
		const div = render(html);
		expect(div.querySelector('script,img,svg,math,iframe,style,form,input,button,template,base,meta')).toBeNull();
		for (const element of div.querySelectorAll('*')) {
			for (const attribute of element.attributes) {
				expect(['class', 'href', 'rel', 'target', 'lang', 'translate']).toContain(attribute.name);
				if (attribute.name === 'href') expect(attribute.value).toMatch(/^(https?:\/\/|\/)/);
			}
		}
	});

	it('keeps what people write', () => {
		const html = '<p>One<br>two <strong>three</strong></p><blockquote><p>four</p></blockquote>';
		expect(render(html).innerHTML).toBe(html);
	});

	it('opens links elsewhere in a new tab, without a way back', () => {
		const link = render('<a href="https://ok.example/a">a</a>').querySelector('a')!;
		expect(link.target).toBe('_blank');
		expect(link.rel).toContain('noopener');
		expect(link.rel).toContain('nofollow');
	});

	it('opens mentions and hashtags in the app', () => {
		const mentions = [{ id: '1', username: 'ada', acct: 'ada@far.example', url: 'https://far.example/@ada' }];
		const div = render(
			'<p><a href="https://far.example/@ada" class="u-url mention">@ada</a> <a href="https://far.example/tags/Cats" class="mention hashtag" rel="tag">#Cats</a></p>',
			{ mentions },
		);
		expect([...div.querySelectorAll('a')].map((a) => a.getAttribute('href'))).toEqual(['/@ada@far.example', '/tags/Cats']);
		expect(div.querySelector('[target]')).toBeNull();
	});

	it('does not believe a class that says mention', () => {
		const link = render('<a class="mention" href="https://evil.example/@ada">@ada</a>').querySelector('a')!;
		expect(link.getAttribute('href')).toBe('https://evil.example/@ada');
	});

	it('drops classes of our own page', () => {
		expect(render('<p class="dialog mention">a</p>').querySelector('p')!.className).toBe('mention');
	});

	it('puts custom emoji in text only', () => {
		const emojis = [{ shortcode: 'cat', url: 'https://ok.example/cat.png', static_url: 'https://ok.example/cat.png' }];
		const div = render('<p>a :cat: b</p><a href="https://ok.example/:cat:">:dog:</a>', { emojis });
		expect(div.querySelectorAll('img.emoji')).toHaveLength(1);
		expect(div.querySelector('a')!.getAttribute('href')).toBe('https://ok.example/:cat:');
		expect(div.textContent).toContain(':dog:');
	});

	it('takes markup in a name as text', () => {
		const div = document.createElement('div');
		div.append(emojiNodes('<b>Ada</b> :x:', []));
		expect(div.textContent).toBe('<b>Ada</b> :x:');
		expect(div.querySelector('b')).toBeNull();
	});

	it('sets a closing line of hashtags apart', () => {
		const html = '<p>Text</p><p><a class="hashtag" href="https://far.example/tags/a">#a</a> <a class="hashtag" href="https://far.example/tags/b">#b</a></p>';
		expect(render(html).querySelectorAll('.tag-line')).toHaveLength(1);
		expect(render('<p><a class="hashtag" href="https://far.example/tags/a">#a</a></p>').querySelector('.tag-line')).toBeNull();
	});

	it('reads as plain text', () => expect(plainText('<p>One<br>two</p><p>three &amp; four</p>')).toBe('One two three & four'));
});
