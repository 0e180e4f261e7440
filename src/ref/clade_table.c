/* clade_table.c - which clade a miRBase species code belongs to (NCBI taxonomy, June 2018). */
#include "clade_table.h"

#include "exomir/text.h"

#include <stddef.h>
#include <string.h>

/* Codes between blanks, so that a search for " cel " is exact. */
static const struct {
    const char *clade, *codes;
} table[] = {
    {"primates",
     " age cja dma ggo hsa lca lla mml mmr mne nle oga pbi pha ppa ppy ptr sbo sla ssy "},
    {"rodents", " cgr cpo mmu rno "},
    {"other mammals", " aja bta cfa chi dno eca efu mdo meu oan oar ocu pal sha ssc tch "},
    {"birds", " apl cli gga tgu "},
    {"reptiles and amphibians", " aca ami cpi oha pbv xla xtr "},
    {"fishes", " abu ccr dre eel fru gmo hhi ipu mze nbr ola oni pma pny pol ssa tni "},
    {"insects",
     " aae aga ame api bdo bib bmo cqu dan der dgr dme dmo dpe dps dqu dse dsi dvi dwi "
     "dya hme lmi mse ngi nlo nvi pca pxy sfr tca "},
    {"other arthropods", " dpu isc mja pte rmi smr tcf tur "},
    {"nematodes", " asu bma cbn cbr cel crm hco hpo ppc prd str "},
    {"flatworms", " egr emu fhe gsa mco sja sma sme "},
    {"other animals",
     " aqu bbe bfl cin cla csa cte gpy hma hru lco lgi lva mle nve odi pmi sci sko "
     "spu tre xbo "},
    {"plants",
     " aau ahy aly ama amg aof aqc ata ath atr bcy bdi bgy bna bol bra cas cca ccl cln cme "
     "cpa crt csi cst ctr dpr egu eun far fve gar ghb ghr gma gra gso han har hbr hci hex "
     "hpa hpe htu hvu lja lus mdm mes mtr nta osa pab pde peu pgi pla ppe ppt pta ptc pvu "
     "rco rgl sbi seu sly smi smo sof ssl ssp stu tae tcc ttu vca vun vvi zma "},
    {"algae and protists", " cre ddi esi pin pra psj pti smc "},
    {"viruses",
     " bfv bhv1 bhv5 bkv blv bpcv1 bpcv2 dev ebv gggpv1 hbv hcmv hhv6b hiv1 hsv1 hsv2 hvsa "
     "hvt iltv jcv kshv mcmv mcpv mdv1 mdv2 mghv prv ptvpv2a racpv rlcv rrv sfv sv40 ttv "},
};

const char *
exm_clade_of_code(const char *code, size_t len)
{
    char word[16];

    if (len == 0 || len + 2 >= sizeof word) return NULL;
    word[0] = ' ';
    for (size_t i = 0; i < len; i++) word[1 + i] = exm_text_lower(code[i]);
    word[len + 1] = ' ';
    word[len + 2] = '\0';
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strstr(table[i].codes, word)) return table[i].clade;
    return NULL;
}
