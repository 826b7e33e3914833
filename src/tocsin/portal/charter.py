"""The charter: what the desk is for and what it never does. ``docs/CHARTER.md`` says the same; a test holds them together."""

from dataclasses import dataclass

from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Article:
    """One rule in the reader's language."""

    title: str
    text: str


_ARTICLES = (
    (
        (
            "只管危害，不管观点",
            "研判只认一份封闭的危害清单，写死在程序里，运行中不能增加。没有“观点”“政治”“宗教”“批评”这样的类别。"
            "运行中新增的识别规则必须归属某一种危害，附上应当识别和不应识别的例子，由第二人批准，并记入台账。",
        ),
        (
            "Harm, not opinion",
            "The engine knows a closed list of harms, written in code; none can be added while it runs. There is no "
            "category for opinion, politics, religion or criticism. A pattern added at run time belongs to a harm, carries an example that "
            "it matches and one that it must not, is approved by a second person, and is in the ledger.",
        ),
    ),
    (
        (
            "只看手法，不看人",
            "没有作者表，没有个人画像，不按人搜索，不跨站关联账号。骗局自己公布的链接、电话、钱包、聊天号才是指标。"
            "来源只能是有归属、有法律依据的公开渠道。",
        ),
        (
            "Artefacts, not people",
            "No author table, no profile, no search by author, no linking of accounts across sites. What a scam itself "
            "publishes to lure its victims (a link, phone, wallet or chat handle) is an indicator. A source is a named public feed with "
            "an owner and a legal basis.",
        ),
    ),
    (
        ("传言用辟谣回答，从不删除", "不实传言的结果是一篇附有证据的公开辟谣。数据结构里没有从传言通向下架通知的路。"),
        (
            "A false claim is answered, never removed",
            "A hoax leads to a published correction with evidence. The data model has no path from a claim "
            "to a notice.",
        ),
    ),
    (
        (
            "没有理由、没有第二人、没有申诉途径，就不对任何人采取措施",
            "通知的起草人、最后修改人和批准人绝不是同一人；通知写明理由和申诉方法；申诉由没有参与过的人决定。",
        ),
        (
            "Nothing is done to anyone without reasons, a second person and an appeal",
            "Creator, last editor and approver of a notice are never the same person; "
            "it states its reasons and says how to appeal; an appeal is decided by someone who took no part.",
        ),
    ),
    (
        ("少留，短留", "检查过而没有举报的内容从不写入磁盘。留下来的到期删除。举报人可以匿名，程序不记录举报人是谁。"),
        (
            "Keep little, briefly",
            "A message that is checked and not reported is never written to disk. What is kept expires. A reporter can stay "
            "anonymous: nothing says who reported.",
        ),
    ),
    (
        (
            "一切公开计数",
            "每个行为都记入只增不改的台账，并有签名检查点。公开统计由台账重新算出，任何人都可以离线核验。",
        ),
        (
            "Count everything in public",
            "Every act is in an append-only ledger with signed checkpoints. The public figures are recomputed from it, by "
            "anyone, offline.",
        ),
    ),
)


def charter_articles() -> tuple[Article, ...]:
    """The six rules, in order, in the reader's language."""
    language = 1 if get_language() == "en" else 0
    return tuple(Article(*article[language]) for article in _ARTICLES)
