"""The closed list of harms (DESIGN, charter rule 1).

This enum is the only place that names them; there is no way to add one at run time, and none for opinion, politics,
religion, criticism or "bad speech".
"""

from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """A kind of online crime that the engine may name."""

    TASK_SCAM = "task_scam"
    INVESTMENT_SCAM = "investment_scam"
    LOAN_SCAM = "loan_scam"
    IMPERSONATION_SUPPORT = "impersonation_support"
    IMPERSONATION_AUTHORITY = "impersonation_authority"
    IMPERSONATION_BANK = "impersonation_bank"
    IMPERSONATION_ACQUAINTANCE = "impersonation_acquaintance"
    CREDIT_REPAIR_SCAM = "credit_repair_scam"
    SHOPPING_SCAM = "shopping_scam"
    ROMANCE_SCAM = "romance_scam"
    GAME_TRADE_SCAM = "game_trade_scam"
    PRIZE_SCAM = "prize_scam"
    JOB_LURE = "job_lure"
    GAMBLING_LURE = "gambling_lure"
    SEX_LURE = "sex_lure"
    FORGED_PAPERS = "forged_papers"
    ILLICIT_TRADE = "illicit_trade"
    ACCOUNT_TRADE = "account_trade"
    DATA_TRADE = "data_trade"
    PHISHING = "phishing"
    MALWARE = "malware"
    HACKING_SERVICE = "hacking_service"


@dataclass(frozen=True, slots=True)
class HarmName:
    """What a harm is called, in both languages of the desk."""

    zh: str
    en: str


HARM_NAMES: dict[Harm, HarmName] = {
    Harm.TASK_SCAM: HarmName("刷单返利", "Task scam"),
    Harm.INVESTMENT_SCAM: HarmName("虚假投资理财", "Investment scam"),
    Harm.LOAN_SCAM: HarmName("虚假贷款、黑贷", "Loan scam"),
    Harm.IMPERSONATION_SUPPORT: HarmName("冒充电商物流客服", "Fake customer service"),
    Harm.IMPERSONATION_AUTHORITY: HarmName("冒充公检法及政府机关", "Fake authority"),
    Harm.IMPERSONATION_BANK: HarmName("冒充银行、支付", "Fake bank or payment service"),
    Harm.IMPERSONATION_ACQUAINTANCE: HarmName("冒充领导、熟人", "Fake boss, friend or relative"),
    Harm.CREDIT_REPAIR_SCAM: HarmName("虚假征信", "Credit repair scam"),
    Harm.SHOPPING_SCAM: HarmName("虚假购物、服务", "Shopping scam"),
    Harm.ROMANCE_SCAM: HarmName("网络婚恋、交友、裸聊敲诈", "Romance scam or sextortion"),
    Harm.GAME_TRADE_SCAM: HarmName("网络游戏虚假交易", "Game trade scam"),
    Harm.PRIZE_SCAM: HarmName("虚假中奖、补贴", "Fake prize or subsidy"),
    Harm.JOB_LURE: HarmName("招聘诱骗", "Job lure"),
    Harm.GAMBLING_LURE: HarmName("赌博引流", "Gambling lure"),
    Harm.SEX_LURE: HarmName("招嫖引流", "Paid sex lure"),
    Harm.FORGED_PAPERS: HarmName("假证、发票", "Forged papers or invoices"),
    Harm.ILLICIT_TRADE: HarmName("违禁品", "Illicit goods"),
    Harm.ACCOUNT_TRADE: HarmName("两卡、账号买卖", "Trade in cards and accounts"),
    Harm.DATA_TRADE: HarmName("买卖个人信息", "Trade in personal data"),
    Harm.PHISHING: HarmName("钓鱼", "Phishing"),
    Harm.MALWARE: HarmName("木马、恶意应用", "Malware or malicious app"),
    Harm.HACKING_SERVICE: HarmName("黑客服务", "Hacking service"),
}
